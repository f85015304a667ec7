// [[disk]] tables: what they become, and what cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config_problems.h"

namespace reveille {
namespace {

using testing::HasSubstr;

std::string disk_problems(const std::string& disks) {
  return problems_of(kLink + kImages + kProxy + disks);
}

TEST(DiskConfig, TheLeastThatWorks) {
  const std::string disk = "[[disk]]\naddress = \"e0.1\"\nfile = \"lab.img\"\n";
  EXPECT_EQ(disk_problems(disk), "");
  const Config config = parse_config(disk, "/etc/reveille/f.toml").config;
  ASSERT_EQ(config.disks.size(), 1U);
  EXPECT_EQ(config.disks[0].file, "/etc/reveille/lab.img") << "from the file's folder";
  EXPECT_EQ(config.disks[0].mode, DiskMode::shared);
  EXPECT_EQ(config.disks[0].overlay, OverlayPlace::memory);
  EXPECT_TRUE(config.disks[0].boot);
}

TEST(DiskConfig, DisksAloneAreAService) {
  const std::string nothing =
      "[[interface]]\ninterface = \"eth1\"\naddress = \"10.77.0.1/16\"\n"
      "[dhcp]\nmode = \"off\"\n[tftp]\nenabled = false\n";
  const std::string disk = "[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\n";
  EXPECT_THAT(problems_of(nothing), HasSubstr("nothing is left to serve"));
  EXPECT_EQ(problems_of(nothing + disk), "");
}

struct WrongDiskCase {
  const char* toml;
  const char* problem;
};

class WrongDisk : public testing::TestWithParam<WrongDiskCase> {};

TEST_P(WrongDisk, IsSaid) {
  EXPECT_THAT(disk_problems(GetParam().toml), HasSubstr(GetParam().problem));
}

INSTANTIATE_TEST_SUITE_P(
    Disk, WrongDisk,
    testing::Values(
        WrongDiskCase{"[[disk]]\nfile = \"a\"\n", "has no `address`"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\n", "has no `file`"},
        WrongDiskCase{"[[disk]]\naddress = \"0.1\"\nfile = \"a\"\n", "is not a shelf and a slot"},
        WrongDiskCase{"[[disk]]\naddress = \"e65535.1\"\nfile = \"a\"\n",
                      "is not a shelf and a slot"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\nclients = [\"x\"]\n",
                      "is not a MAC address or its first octets"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\noverlay = \"file\"\n",
                      "want an `overlay_folder`"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\nmode = \"private\"\n"
                      "overlay = \"memory\"\n",
                      "only shared disks have overlays"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\nmode = \"private\"\n",
                      "a private disk wants `clients`"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\nmode = \"private\"\n"
                      "format = \"auto\"\n",
                      "how a private disk looks is what its client writes"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\nkeep = true\n",
                      "are kept until reveille ends"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\n"
                      "[[disk]]\naddress = \"e0.1\"\nfile = \"b\"\n",
                      "address e0.1 belongs to another [[disk]] already"},
        WrongDiskCase{"[[disk]]\naddress = \"e0.1\"\nfile = \"a\"\nmode = \"private\"\n"
                      "[[disk]]\naddress = \"e0.2\"\nfile = \"a\"\n",
                      "is the file of two disks, and one is private"}));

}  // namespace
}  // namespace reveille
