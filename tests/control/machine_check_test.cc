// A good configuration on a machine that lacks something.
#include "control/config/machine_check.h"

#include <filesystem>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "test_folder.h"

namespace reveille {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class MachineCheck : public ::testing::Test {
 protected:
  MachineCheck() {
    config_.images.root = folder_.path();
    config_.interfaces.push_back({.interface = "lo", .device = {}, .vdev = {}});
    origins_.set("images.root", {.option = {}, .line = 9, .column = 8});
    origins_.set("interface[0]", {.option = "--interface"});
  }

  std::string check(Purpose purpose) {
    Problems problems("f");
    check_machine(config_, origins_, purpose, problems);
    return problems.text();
  }
  std::string check_port(const InterfaceConfig& port, Severity severity = Severity::error) {
    config_.interfaces = {port};
    Problems problems("f");
    check_ports(config_, origins_, severity, problems);
    return problems.text();
  }

  test::Folder folder_;
  Config config_;
  Origins origins_;
};

TEST_F(MachineCheck, NothingMissing) {
  EXPECT_EQ(check(Purpose::inspect), "");
  EXPECT_EQ(check(Purpose::replay), "");
}

TEST_F(MachineCheck, MoreWorkersThanCpusAreAWarning) {
  config_.workers.count = 1025;  // more than a set of CPUs has
  EXPECT_THAT(check(Purpose::serve), HasSubstr("warning: 1025 workers share "));
  EXPECT_THAT(check(Purpose::inspect), HasSubstr("each is meant to have one of its own"));
}

TEST_F(MachineCheck, DiskFileThatIsMissingEndsNothing) {
  config_.disks.push_back({.address = DiskAddress{0, 1}, .file = folder_.path("lab.img")});
  for (const Purpose purpose : {Purpose::inspect, Purpose::serve}) {
    Problems problems("f");
    check_machine(config_, origins_, purpose, problems);
    EXPECT_THAT(problems.text(), HasSubstr("warning: there is no file \"" +
                                           folder_.path("lab.img") + "\"; the disk is not served"));
  }
  EXPECT_THAT(check(Purpose::inspect), testing::Not(HasSubstr("error")));
}

TEST_F(MachineCheck, NoImageFolder) {
  config_.images.root = folder_.path("nowhere");
  EXPECT_EQ(check(Purpose::inspect),
            "f:9:8: error: there is no image folder \"" + folder_.path("nowhere") + "\"\n");
}

TEST_F(MachineCheck, ImageFolderThatIsAFile) {
  config_.images.root = folder_.write("file", "x");
  EXPECT_EQ(check(Purpose::replay),
            "f:9:8: error: \"" + folder_.path("file") + "\" is a file, not an image folder\n");
}

TEST_F(MachineCheck, BootFilesThatAreNotThereYetAreAWarning) {
  folder_.write("there.efi", "x");
  config_.boot.files = {{7, "there.efi"}, {0, "missing.kpxe"}};
  config_.boot.default_file = "http://10.0.0.1/a";
  config_.boot.ipxe_script = "missing.ipxe";
  config_.hosts.push_back({});
  config_.hosts[0].boot_file = "missing.host";
  config_.rules.resize(2);
  config_.rules[1].boot_file = "missing.rule";
  const std::string text = check(Purpose::inspect);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4) << text;
  EXPECT_THAT(text, HasSubstr("\"missing.rule\""));
  EXPECT_THAT(text, HasSubstr("warning: the image folder \"" + folder_.path() +
                              "\" has no \"missing.kpxe\" (yet)"));
  EXPECT_THAT(text, HasSubstr("\"missing.ipxe\""));
  EXPECT_THAT(text, HasSubstr("\"missing.host\""));
  EXPECT_THAT(text, ::testing::Not(HasSubstr("error")));
}

TEST_F(MachineCheck, NoFolderForTheLog) {
  config_.log.file = folder_.path("nowhere/log");
  EXPECT_THAT(check(Purpose::serve), HasSubstr("error: there is no folder \"" +
                                               folder_.path("nowhere") + "\" for the log file\n"));
  EXPECT_EQ(check(Purpose::replay), "");
  config_.log.file = folder_.path();
  EXPECT_THAT(check(Purpose::serve), HasSubstr("is a folder, not a log file\n"));
}

TEST_F(MachineCheck, NoSuchInterfaceNamesThoseThatAre) {
  const std::string text = check_port({.interface = "nosuch0", .device = {}, .vdev = {}});
  EXPECT_THAT(text, StartsWith("--interface: error: there is no interface \"nosuch0\" here; there "
                               "are "));
  EXPECT_THAT(text, HasSubstr("lo"));
}

TEST_F(MachineCheck, APortOfAnotherMachineIsAWarningWhenInspecting) {
  EXPECT_THAT(check_port({.interface = "nosuch0", .device = {}, .vdev = {}}, Severity::warning),
              StartsWith("--interface: warning: "));
}

TEST_F(MachineCheck, NoSuchDevice) {
  EXPECT_EQ(check_port({.interface = {}, .device = "ffff:ff:1f.7", .vdev = {}}),
            "--interface: error: there is no PCI device ffff:ff:1f.7 here\n");
}

TEST_F(MachineCheck, ADeviceOfTheKernelIsNotTakenAway) {
  namespace fs = std::filesystem;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/sys/bus/pci/devices", error)) {
    const std::string driver = fs::read_symlink(entry.path() / "driver", error).filename().string();
    if (driver == "vfio-pci") continue;
    const std::string address = entry.path().filename().string();
    EXPECT_THAT(check_port({.interface = {}, .device = address, .vdev = {}}),
                HasSubstr("not to vfio-pci; bind it with dpdk-devbind.py -b vfio-pci " + address));
    return;
  }
  GTEST_SKIP() << "no PCI device here that the kernel drives";
}

TEST_F(MachineCheck, ATapNeedsAFreeName) {
  EXPECT_EQ(check_port({.interface = {}, .device = {}, .vdev = "net_tap0,iface=lo"}),
            "--interface: error: the interface name \"lo\" is taken; net_tap makes a new "
            "interface\n");
  EXPECT_EQ(check_port({.interface = {}, .device = {}, .vdev = "net_tap0,iface=boot0,x=1"}), "");
  EXPECT_EQ(check_port({.interface = {}, .device = {}, .vdev = "net_null0"}), "");
}

// In a child, so that the privilege is lost there only.
TEST_F(MachineCheck, PacketSocketsNeedAPrivilege) {
  if (geteuid() != 0) GTEST_SKIP() << "has no privilege to give up";
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (setuid(65534) != 0) _exit(2);
    Problems problems("f");
    check_privileges(config_, origins_, problems);
    const bool told = problems.text().starts_with("--interface: error: packets of a kernel");
    _exit(told ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  Problems problems("f");
  config_.interfaces[0] = {.interface = {}, .device = {}, .vdev = "net_null0"};
  check_privileges(config_, origins_, problems);
  EXPECT_EQ(problems.text(), "");
}

}  // namespace
}  // namespace reveille
