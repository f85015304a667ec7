// What is read of an interface: against veth pairs in a namespace of the test's own.
#include "port/kernel_use.h"

#include <net/if.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "port/own_network.h"

namespace reveille {
namespace {

using test::run;
using testing::ElementsAre;

class KernelUseTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::own_network) GTEST_SKIP() << "no network namespace of our own";
    if (!run("ip link add ours numrxqueues 3 numtxqueues 2 type veth peer name theirs")) {
      GTEST_SKIP() << "no veth here";
    }
    ASSERT_TRUE(run("ip link set ours up && ip link set theirs up"));
  }
  void TearDown() override {
    if (test::own_network) run("ip link del ours 2>/dev/null");
  }
  static KernelUse use() { return kernel_use("ours", if_nametoindex("ours")); }
};

TEST_F(KernelUseTest, DriverAndQueues) {
  const KernelUse found = use();
  EXPECT_EQ(found.driver, "veth");
  EXPECT_EQ(found.receive_queues, 3U);
  EXPECT_EQ(found.combined_queues, 0U);
}

TEST_F(KernelUseTest, AddressesButNotThoseOfTheLink) {
  ASSERT_TRUE(run("ip address add fe80::7/64 dev ours nodad"));
  EXPECT_THAT(use().ipv4_addresses, ElementsAre());
  EXPECT_THAT(use().ipv6_addresses, ElementsAre());
  ASSERT_TRUE(run("ip address add 10.77.0.1/16 dev ours"));
  ASSERT_TRUE(run("ip address add 2001:db8::7/64 dev ours nodad"));
  ASSERT_TRUE(run("ip address add 10.78.0.1/16 dev theirs"));
  ASSERT_TRUE(run("ip address add 10.79.0.1/16 dev ours label ours:backup"));
  EXPECT_THAT(use().ipv4_addresses, ElementsAre("10.77.0.1", "10.79.0.1"));
  EXPECT_THAT(use().ipv6_addresses, ElementsAre("2001:db8::7"));
}

TEST_F(KernelUseTest, StackedUnderMacvlansAndBridges) {
  EXPECT_FALSE(use().stacked);
  ASSERT_TRUE(run("ip link add link ours name above type macvlan"));
  EXPECT_TRUE(use().stacked);
  ASSERT_TRUE(run("ip link del above"));
  EXPECT_FALSE(use().stacked);
  ASSERT_TRUE(run("ip link add bridge0 type bridge && ip link set ours master bridge0"));
  EXPECT_TRUE(use().stacked);
  ASSERT_TRUE(run("ip link del bridge0"));
}

TEST_F(KernelUseTest, StackedForAllWeKnowWhereSysfsIsAnothers) {
  EXPECT_TRUE(kernel_use("ours", if_nametoindex("ours") + 1000).stacked);
  EXPECT_TRUE(kernel_use("nobody", 0).stacked);
}

}  // namespace
}  // namespace reveille
