// What DHCP says to machines that boot from a disk.
#include <gtest/gtest.h>

#include "dhcp/boot_lab.h"

namespace reveille::test {
namespace {

using wire::DhcpOption;

Config with_disk() {
  DiskConfig disk;
  disk.address = DiskAddress{0, 1};
  Config config;
  config.disks = {disk};
  return config;
}

Octets octets_of(const char* text) {
  return {text, text + std::string_view(text).size()};
}

TEST(DiskBoot, IpxeGetsItsRootPathAndNoFile) {
  BootLab lab({"undionly.kpxe", "boot.ipxe"}, with_disk());
  ASSERT_EQ(lab.discover(BootRequest("ipxe_discover")), Outcome::proxy_offered);
  const Parsed offer(lab.sent().at(0).payload());
  const auto path = offer->option(DhcpOption::root_path);
  ASSERT_TRUE(path);
  EXPECT_EQ(Octets(path->begin(), path->end()), octets_of("aoe:e0.1"));
  EXPECT_TRUE(offer->has(DhcpOption::vendor_class)) << "iPXE looks at nothing else";
  EXPECT_EQ(offer->file(), "");
  EXPECT_FALSE(offer->has(DhcpOption::boot_file_name));
}

TEST(DiskBoot, FirmwareGetsIpxe) {
  BootLab lab({"undionly.kpxe", "snponly.efi", "boot.ipxe"}, with_disk());
  ASSERT_EQ(lab.discover(BootRequest("edk2_discover")), Outcome::proxy_offered);
  EXPECT_EQ(Parsed(lab.sent().at(0).payload())->file(), "snponly.efi");
}

TEST(DiskBoot, NothingElseInTheFolderIsNeeded) {
  BootLab lab({}, with_disk());
  EXPECT_EQ(lab.discover(BootRequest("ipxe_discover")), Outcome::proxy_offered);
  BootLab none({});
  EXPECT_EQ(none.discover(BootRequest("ipxe_discover")), Outcome::boot_file_unknown);
}

}  // namespace
}  // namespace reveille::test
