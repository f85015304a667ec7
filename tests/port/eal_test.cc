// The EAL's command line, and the start that follows from it.
#include "port/eal.h"

#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_lcore.h>

namespace reveille {
namespace {

using testing::Contains;
using testing::IsSupersetOf;
using testing::Not;

TEST(EalArguments, OrdinaryPagesComeInOnePieceOfTheSizeNeeded) {
  const EalNeeds needs{.workers = 1, .memory_bytes = std::size_t{100} << 20};
  const auto arguments = eal_arguments(needs, false, {0, 1}, "p");
  EXPECT_THAT(arguments, IsSupersetOf({"--no-huge", "--no-shconf", "-m", "101"}));
  EXPECT_THAT(arguments, Not(Contains("--in-memory")));  // DPDK refuses it beside --no-huge
}

TEST(EalArguments, HugepagesNeedNoMount) {
  const auto arguments = eal_arguments({.workers = 1}, true, {0, 1}, "p");
  EXPECT_THAT(arguments, Contains("--in-memory"));
  EXPECT_THAT(arguments, Not(Contains("--no-huge")));
}

TEST(EalArguments, NoDeviceIsProbedThatWasNotNamed) {
  EXPECT_THAT(eal_arguments({.workers = 1}, true, {0}, "p"), Contains("--no-pci"));
  const EalNeeds needs{.workers = 1, .devices = {"0000:65:00.0", "0000:65:00.1"}};
  const auto arguments = eal_arguments(needs, true, {0}, "p");
  EXPECT_THAT(arguments, Not(Contains("--no-pci")));
  EXPECT_THAT(arguments, IsSupersetOf({"-a", "0000:65:00.0", "-a", "0000:65:00.1"}));
}

TEST(EalArguments, WorkersHaveCpusOfTheirOwnWhereThereAreEnough) {
  EXPECT_THAT(eal_arguments({.workers = 2}, true, {4, 5, 6}, "p"),
              Contains("--lcores=0@(4,5,6),1@5,2@6"));
  EXPECT_THAT(eal_arguments({.workers = 2}, true, {4, 5}, "p"),
              Contains("--lcores=0@(4,5),1@4,2@5"));
}

TEST(EalArguments, MoreWorkersThanCpusFloat) {
  EXPECT_THAT(eal_arguments({.workers = 3}, true, {0, 1}, "p"),
              Contains("--lcores=0@(0,1),1@(0,1),2@(0,1),3@(0,1)"));
}

TEST(EalNeedsOfConfig, GrowWithWorkersAndNameDevices) {
  Config config;
  config.interfaces.resize(2);
  config.interfaces[0].device = "0000:65:00.0";
  config.interfaces[1].interface = "eth1";
  const EalNeeds one = eal_needs(config);
  config.workers.count = 4;
  const EalNeeds four = eal_needs(config);
  EXPECT_EQ(one.devices, std::vector<std::string>{"0000:65:00.0"});
  EXPECT_GT(four.memory_bytes, one.memory_bytes);
  EXPECT_LT(four.memory_bytes, std::size_t{1} << 30);
}

TEST(Eal, RefusesANumberOfWorkersThatItCannotHave) {
  EXPECT_FALSE(Eal::start({.workers = 0}));
  const auto many = Eal::start({.workers = 33});
  ASSERT_FALSE(many);
  EXPECT_EQ(many.error(), "workers: 33 is not in 1 to 32");
}

// The one start that a process has.
TEST(Eal, StartsQuietlyWithoutHugepagesAndLeavesNothingBehind) {
  std::string directory;
  {
    testing::internal::CaptureStderr();
    testing::internal::CaptureStdout();
    auto eal =
        Eal::start({.workers = 3, .memory_bytes = std::size_t{64} << 20, .hugepages = false});
    EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
    EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
    ASSERT_TRUE(eal) << eal.error();
    EXPECT_EQ(eal->workers(), 3u);
    EXPECT_FALSE(eal->hugepages());
    EXPECT_EQ(rte_lcore_count(), 4u);
    EXPECT_EQ(rte_eth_dev_count_avail(), 0);
    directory = rte_eal_get_runtime_dir();
    EXPECT_TRUE(std::filesystem::exists(directory));
  }
  EXPECT_FALSE(std::filesystem::exists(directory)) << directory;
}

}  // namespace
}  // namespace reveille
