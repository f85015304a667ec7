#include "policy/boot_policy.h"

#include <gtest/gtest.h>

#include "image/memory_image.h"
#include "policy/architecture.h"
#include "policy/candidates.h"

namespace reveille {
namespace {

using test::folder;

Facts firmware(std::uint16_t architecture) {
  Facts facts;
  facts.pxe = true;
  facts.architecture = architecture;
  return facts;
}
Facts ipxe(std::uint16_t architecture) {
  Facts facts = firmware(architecture);
  facts.ipxe = true;
  return facts;
}
Facts http(std::uint16_t architecture) {
  Facts facts;
  facts.http = true;
  facts.architecture = architecture;
  return facts;
}

// What these facts boot; "-" for nothing.
std::string boots(const BootPolicy& policy, const Facts& facts, std::string_view override = {}) {
  const auto plan = policy.plan(facts, override);
  return plan ? std::string(plan->file) : "-";
}

TEST(BootPolicy, TheUsualNamesNeedNoConfiguration) {
  const Catalogue catalogue =
      folder({"undionly.kpxe", "snponly.efi", "snponly-arm64.efi", "boot.ipxe", "pxelinux.0",
              "grubx64.efi", "bootia32.efi", "bootriscv64.efi", "bootloongarch64.efi",
              "grubarm.efi", "core.elf", "boot.scr.uimg", "bootcode.bin", "elilo.efi"});
  const BootPolicy policy(Config{}, catalogue);
  EXPECT_EQ(boots(policy, firmware(0x00)), "undionly.kpxe");
  EXPECT_EQ(boots(policy, firmware(0x02)), "elilo.efi");
  EXPECT_EQ(boots(policy, firmware(0x06)), "bootia32.efi");
  EXPECT_EQ(boots(policy, firmware(0x07)), "snponly.efi");
  EXPECT_EQ(boots(policy, firmware(0x09)), "snponly.efi");
  EXPECT_EQ(boots(policy, firmware(0x0a)), "grubarm.efi");
  EXPECT_EQ(boots(policy, firmware(0x0b)), "snponly-arm64.efi");
  EXPECT_EQ(boots(policy, firmware(0x0c)), "core.elf");
  EXPECT_EQ(boots(policy, firmware(0x16)), "boot.scr.uimg");
  EXPECT_EQ(boots(policy, firmware(0x1b)), "bootriscv64.efi");
  EXPECT_EQ(boots(policy, firmware(0x27)), "bootloongarch64.efi");
  EXPECT_EQ(boots(policy, firmware(0x29)), "bootcode.bin");
  for (const std::uint16_t architecture : std::vector<std::uint16_t>{0x00, 0x07, 0x0b, 0x27}) {
    EXPECT_EQ(boots(policy, ipxe(architecture)), "boot.ipxe");
    EXPECT_TRUE(policy.plan(ipxe(architecture), {})->script);
    EXPECT_FALSE(policy.plan(firmware(architecture), {})->script);
  }
}

TEST(BootPolicy, GoesThroughTheCandidatesInOrder) {
  const auto first = [](std::uint16_t architecture, std::initializer_list<const char*> names) {
    const Catalogue catalogue = folder(names);
    return boots(BootPolicy(Config{}, catalogue), firmware(architecture));
  };
  EXPECT_EQ(first(0x00, {"pxelinux.0", "lpxelinux.0", "ipxe.pxe"}), "ipxe.pxe");
  EXPECT_EQ(first(0x00, {"pxelinux.0", "lpxelinux.0"}), "lpxelinux.0");
  EXPECT_EQ(first(0x00, {"i386-pc/core.0", "pxelinux.0"}), "pxelinux.0");
  EXPECT_EQ(first(0x00, {"boot/grub/i386-pc/core.0"}), "boot/grub/i386-pc/core.0");
  EXPECT_EQ(first(0x07, {"EFI/BOOT/BOOTX64.EFI", "grubx64.efi", "shimx64.efi"}), "shimx64.efi");
  EXPECT_EQ(first(0x07, {"syslinux.efi", "grubx64.efi"}), "grubx64.efi");
  EXPECT_EQ(first(0x07, {"undionly.kpxe"}), "-");
  EXPECT_EQ(first(0x0b, {"snponly.efi", "EFI/BOOT/BOOTAA64.EFI"}), "EFI/BOOT/BOOTAA64.EFI");
}

TEST(BootPolicy, TellsTheImageOnlyOfFilesThatItHas) {
  const Catalogue catalogue = folder({"undionly.kpxe"});
  Config config;
  config.boot.files = {{0x07, "elsewhere.efi"}};
  const BootPolicy policy(config, catalogue);
  EXPECT_EQ(policy.plan(firmware(0x00), {})->image, catalogue.find("undionly.kpxe"));
  EXPECT_EQ(policy.plan(firmware(0x07), {})->image, nullptr);
  EXPECT_EQ(policy.plan(firmware(0x07), "undionly.kpxe")->image, catalogue.find("undionly.kpxe"));
}

TEST(BootPolicy, ConfigurationComesBeforeTheFolder) {
  const Catalogue catalogue = folder({"undionly.kpxe", "snponly.efi", "snponly-arm64.efi"});
  Config config;
  config.boot.files = {{0x00, "pxelinux.0"}, {0x4242, "future.bin"}};
  config.boot.default_file = "default.efi";
  const BootPolicy policy(config, catalogue);
  EXPECT_EQ(boots(policy, firmware(0x00)), "pxelinux.0");
  EXPECT_EQ(boots(policy, firmware(0x07)), "default.efi");
  EXPECT_EQ(boots(policy, firmware(0x0b)), "default.efi");
  EXPECT_EQ(boots(policy, firmware(0x4242)), "future.bin");
  EXPECT_EQ(boots(policy, firmware(0x4243)), "default.efi");
  EXPECT_EQ(boots(policy, firmware(0x00), "host.0"), "host.0");
}

TEST(BootPolicy, CodesThatNobodyKnowsYetAreNeverRefused) {
  const Catalogue both = folder({"undionly.kpxe", "snponly.efi", "boot.ipxe"});
  const BootPolicy policy(Config{}, both);
  const Catalogue bios_only = folder({"undionly.kpxe"});
  const BootPolicy bios(Config{}, bios_only);
  for (const std::uint16_t code : std::vector<std::uint16_t>{0x2a, 0x100, 0x700, 0xfffe}) {
    EXPECT_EQ(boots(policy, firmware(code)), "snponly.efi") << code;
    EXPECT_EQ(boots(policy, ipxe(code)), "boot.ipxe") << code;
    EXPECT_EQ(boots(bios, firmware(code)), "undionly.kpxe") << code;
  }
  // A known code without a file of its own gets none of another processor's.
  EXPECT_EQ(boots(policy, firmware(0x0b)), "-");
}

TEST(BootPolicy, IpxeNeverGetsItself) {
  const Catalogue only_ipxe = folder({"undionly.kpxe", "ipxe.pxe", "snponly.efi", "ipxe.efi"});
  EXPECT_EQ(boots(BootPolicy(Config{}, only_ipxe), ipxe(0x00)), "-");
  EXPECT_EQ(boots(BootPolicy(Config{}, only_ipxe), ipxe(0x07)), "-");
  EXPECT_EQ(boots(BootPolicy(Config{}, only_ipxe), ipxe(0x4242)), "-");

  const Catalogue with_others = folder({"undionly.kpxe", "pxelinux.0", "ipxe.efi", "grubx64.efi"});
  EXPECT_EQ(boots(BootPolicy(Config{}, with_others), ipxe(0x00)), "pxelinux.0");
  EXPECT_EQ(boots(BootPolicy(Config{}, with_others), ipxe(0x07)), "grubx64.efi");
  EXPECT_FALSE(BootPolicy(Config{}, with_others).plan(ipxe(0x07), {})->script);

  Config config;
  config.boot.files = {{0x00, "boot/ipxe.kpxe"}, {0x07, "netboot.xyz.efi"}};
  config.boot.default_file = "snponly.efi";
  config.boot.ipxe_script = "undionly.kpxe";
  const Catalogue empty;
  EXPECT_EQ(boots(BootPolicy(config, empty), ipxe(0x00)), "-");
  EXPECT_EQ(boots(BootPolicy(config, empty), ipxe(0x07)), "-");
  EXPECT_EQ(boots(BootPolicy(config, empty), ipxe(0x07), "snponly.efi"), "-");
  EXPECT_EQ(boots(BootPolicy(config, empty), firmware(0x07), "snponly.efi"), "snponly.efi");
}

TEST(BootPolicy, TheScriptOfIpxeInOrder) {
  const Catalogue catalogue = folder({"boot.ipxe", "menu.ipxe", "undionly.kpxe"});
  Config config;
  config.boot.files = {{0x00, "pxelinux.0"}};
  EXPECT_EQ(boots(BootPolicy(config, catalogue), ipxe(0x00)), "boot.ipxe");
  config.boot.default_file = "lab.ipxe";
  EXPECT_EQ(boots(BootPolicy(config, catalogue), ipxe(0x00)), "lab.ipxe");
  EXPECT_EQ(boots(BootPolicy(config, catalogue), firmware(0x00)), "pxelinux.0");
  config.boot.ipxe_script = "http://10.0.0.1/ipxe.php?mac=${mac}";
  const BootPolicy policy(config, catalogue);
  EXPECT_EQ(boots(policy, ipxe(0x00)), "http://10.0.0.1/ipxe.php?mac=${mac}");
  EXPECT_TRUE(policy.plan(ipxe(0x00), {})->script);
  EXPECT_EQ(policy.plan(ipxe(0x00), {})->image, nullptr);
  EXPECT_EQ(boots(policy, ipxe(0x00), "hosts/one.ipxe"), "hosts/one.ipxe");
  EXPECT_TRUE(policy.plan(ipxe(0x00), "hosts/one.ipxe")->script);
}

// A host's script waits until the machine runs iPXE; its firmware gets iPXE as any other.
TEST(BootPolicy, FirmwareGetsNoScriptAndNoUrl) {
  const Catalogue catalogue = folder({"undionly.kpxe", "boot.ipxe"});
  Config config;
  config.boot.default_file = "http://10.0.0.1/boot.efi";
  const BootPolicy policy(config, catalogue);
  EXPECT_EQ(boots(policy, firmware(0x00), "hosts/one.ipxe"), "undionly.kpxe");
  EXPECT_EQ(boots(policy, firmware(0x00), "http://10.0.0.1/x.0"), "undionly.kpxe");
  EXPECT_EQ(boots(policy, firmware(0x07)), "-");
}

TEST(BootPolicy, HttpClientsGetAUrlOrNothing) {
  const Catalogue catalogue = folder({"snponly.efi", "boot.ipxe"});
  EXPECT_EQ(boots(BootPolicy(Config{}, catalogue), http(0x10)), "-");
  Config config;
  config.boot.files = {{0x10, "http://10.0.0.1/boot.efi"}, {0x13, "bootaa64.efi"}};
  const BootPolicy policy(config, catalogue);
  EXPECT_EQ(boots(policy, http(0x10)), "http://10.0.0.1/boot.efi");
  EXPECT_EQ(boots(policy, firmware(0x10)), "http://10.0.0.1/boot.efi");
  EXPECT_EQ(boots(policy, http(0x13)), "-");
  EXPECT_EQ(boots(policy, http(0x0f)), "-");
  EXPECT_EQ(boots(policy, http(0x10), "snponly.efi"), "http://10.0.0.1/boot.efi");
  EXPECT_EQ(boots(policy, http(0x10), "HTTPS://10.0.0.1/host.efi"), "HTTPS://10.0.0.1/host.efi");
  config.boot.default_file = "https://10.0.0.1/any.efi";
  EXPECT_EQ(boots(BootPolicy(config, catalogue), http(0x0f)), "https://10.0.0.1/any.efi");
  EXPECT_EQ(boots(BootPolicy(config, catalogue), http(0x4242)), "https://10.0.0.1/any.efi");
}

TEST(BootPolicy, ARaspberryPiIsServedAsOne) {
  Facts pi = firmware(kArchitectureBios);
  pi.raspberry_pi = true;
  const Catalogue both = folder({"undionly.kpxe", "start4.elf"});
  EXPECT_EQ(boots(BootPolicy(Config{}, both), pi), "start4.elf");
  // It asks for its own names whatever it is told; what matters is that it gets an offer.
  const Catalogue pc = folder({"undionly.kpxe"});
  EXPECT_EQ(boots(BootPolicy(Config{}, pc), pi), "undionly.kpxe");
}

TEST(BootPolicy, OperatingSystemsGetOnlyWhatIsConfigured) {
  const Catalogue catalogue = folder({"undionly.kpxe", "boot.scr.uimg"});
  EXPECT_EQ(boots(BootPolicy(Config{}, catalogue), Facts{}), "-");
  EXPECT_EQ(boots(BootPolicy(Config{}, catalogue), Facts{}, "kernel.img"), "kernel.img");
  Facts u_boot;
  u_boot.architecture = 0x16;
  EXPECT_EQ(boots(BootPolicy(Config{}, catalogue), u_boot), "boot.scr.uimg");
  Config config;
  config.boot.default_file = "vmlinuz";
  EXPECT_EQ(boots(BootPolicy(config, catalogue), Facts{}), "vmlinuz");
}

TEST(BootPolicy, OverridesGoFromHostToSubnet) {
  Config config;
  HostConfig by_mac;
  by_mac.mac = MacAddress::parse("52:54:00:00:00:01");
  by_mac.boot_file = "mac.0";
  HostConfig by_uuid;
  by_uuid.uuid = Uuid::parse("01020304-0506-0708-090a-0b0c0d0e0f10");
  by_uuid.boot_file = "uuid.0";
  HostConfig by_client_id;
  by_client_id.client_id = {0, 'a', 'b'};
  by_client_id.boot_file = "client.0";
  HostConfig by_text;
  by_text.client_id = {'c', 'd'};
  by_text.boot_file = "text.0";
  HostConfig silent;
  silent.mac = MacAddress::parse("52:54:00:00:00:02");
  config.hosts = {by_mac, by_uuid, by_client_id, by_text, silent};
  SubnetConfig subnet;
  subnet.prefix = *Ipv4Prefix::parse("10.1.0.0/16");
  subnet.relays = {Ipv4Address::of(192, 168, 0, 1)};
  subnet.boot_file = "subnet.0";
  config.subnets = {subnet};
  const Catalogue empty;
  const BootPolicy policy(config, empty);

  const Ipv4Address inside = Ipv4Address::of(10, 1, 2, 3);
  const Ipv4Address outside = Ipv4Address::of(10, 2, 0, 1);
  Facts facts;
  facts.mac = *MacAddress::parse("52:54:00:00:00:02");
  EXPECT_EQ(policy.file_override(facts, outside), "");
  EXPECT_EQ(policy.file_override(facts, inside), "subnet.0");
  EXPECT_EQ(policy.file_override(facts, Ipv4Address::of(192, 168, 0, 1)), "subnet.0");
  const std::array<std::uint8_t, 3> client_id{0, 'a', 'b'};
  facts.client_id = client_id;
  EXPECT_EQ(policy.file_override(facts, inside), "client.0");
  const std::array<std::uint8_t, 3> with_type{0, 'c', 'd'};
  facts.client_id = with_type;
  EXPECT_EQ(policy.file_override(facts, inside), "text.0");
  facts.client_id = client_id;
  facts.uuid = by_uuid.uuid;
  EXPECT_EQ(policy.file_override(facts, inside), "uuid.0");
  facts.mac = *by_mac.mac;
  EXPECT_EQ(policy.file_override(facts, inside), "mac.0");
}

TEST(Candidates, NoListNamesAFileTwiceOrWhatItsClientsCannotRun) {
  for (const Architecture& known : architectures()) {
    const auto names = boot_file_candidates(known.code);
    for (std::size_t i = 0; i < names.size(); ++i) {
      EXPECT_EQ(std::ranges::count(names, names[i]), 1) << names[i];
      EXPECT_FALSE(is_ipxe_script(names[i])) << names[i];
      EXPECT_FALSE(is_url(names[i])) << names[i];
    }
    if (known.kind == ArchitectureKind::http) {
      EXPECT_TRUE(names.empty()) << known.name;
    }
  }
  for (const std::string_view name : ipxe_script_candidates()) EXPECT_TRUE(is_ipxe_script(name));
}

TEST(Candidates, NamesTellWhatAFileIs) {
  for (const char* program : {"undionly.kpxe", "ipxe.efi", "IPXE.EFI", "x/snponly.efi", "snp.efi",
                              "a\\ipxe.pxe", "my-ipxe-build.efi", "netboot.xyz-undionly.kpxe",
                              "ipxe.0", "http://h/ipxe/snponly.efi", "ipxe.lkrn"}) {
    EXPECT_TRUE(is_ipxe_program(program)) << program;
  }
  for (const char* other : {"", "boot.ipxe", "ipxe/grubx64.efi", "pxelinux.0", "wimboot",
                            "ipxe.php", "http://h/ipxe?x=1", "ipxe", "bootx64.efi"}) {
    EXPECT_FALSE(is_ipxe_program(other)) << other;
  }
  EXPECT_TRUE(is_url("tftp://10.0.0.1/x"));
  EXPECT_TRUE(is_url("http://10.0.0.1/x"));
  EXPECT_FALSE(is_url("://x"));
  EXPECT_FALSE(is_url("a/b://c"));
  EXPECT_FALSE(is_url("boot.ipxe"));
  EXPECT_FALSE(is_http_url("ftp://x"));
  EXPECT_FALSE(is_http_url("http:/x"));
}

}  // namespace
}  // namespace reveille
