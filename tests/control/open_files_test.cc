#include "control/open_files.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "disk/overlay_file.h"

namespace reveille {
namespace {

using testing::HasSubstr;

Config config_of(OverlayPlace overlay, std::uint32_t clients_max) {
  Config config;
  DiskConfig disk;
  disk.address = DiskAddress{0, 1};
  disk.overlay = overlay;
  config.disks = {disk};
  config.disk_limits.clients_max = clients_max;
  return config;
}

TEST(OpenFiles, OverlaysInFilesCountWithTheMachinesThatMayHaveOne) {
  const Config config = config_of(OverlayPlace::file, 1000);
  const std::uint64_t needed = 1000 + 2 + kDescriptorsKept;
  EXPECT_EQ(open_files_warning(config, needed), std::nullopt);
  const auto warning = open_files_warning(config, needed - 1);
  ASSERT_TRUE(warning);
  EXPECT_THAT(*warning, HasSubstr("up to 1000 machines"));
  EXPECT_THAT(*warning, HasSubstr("in all " + std::to_string(needed)));
  EXPECT_THAT(*warning, HasSubstr("may have " + std::to_string(needed - 1)));
}

TEST(OpenFiles, MachinesThatAreNamedAreAllThereAre) {
  Config config = config_of(OverlayPlace::file, 1000);
  config.disks[0].clients = {*MacPattern::parse("52:54:00:00:00:01"),
                             *MacPattern::parse("52:54:00:00:00:02")};
  EXPECT_EQ(open_files_warning(config, 2 + 2 + kDescriptorsKept), std::nullopt);
  config.disks[0].clients[1] = *MacPattern::parse("52:54:00");
  EXPECT_TRUE(open_files_warning(config, 1000)) << "that may be any number";
}

TEST(OpenFiles, NoOtherDiskNeedsAny) {
  EXPECT_EQ(open_files_warning(config_of(OverlayPlace::memory, 1000), 1), std::nullopt);
  Config config = config_of(OverlayPlace::file, 1000);
  config.disks[0].mode = DiskMode::exclusive;
  EXPECT_EQ(open_files_warning(config, 1), std::nullopt);
  EXPECT_EQ(open_files_warning(Config{}, 1), std::nullopt);
}

// In a child, so that its limits are its own.
TEST(OpenFiles, SoftLimitIsRaisedToTheHardOne) {
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit low{.rlim_cur = 100, .rlim_max = 200};
    if (setrlimit(RLIMIT_NOFILE, &low) != 0) _exit(2);
    const std::uint64_t raised = raise_open_files();
    rlimit now{};
    getrlimit(RLIMIT_NOFILE, &now);
    _exit(raised == 200 && now.rlim_cur == 200 && now.rlim_max == 200 ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace reveille
