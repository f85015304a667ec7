// Links that come and go, in a network of the test program's own.
#include "port/interface_state.h"

#include <net/if.h>

#include <gtest/gtest.h>

#include "port/own_network.h"

namespace reveille {
namespace {

using test::run;

TEST(InterfaceState, FollowsTheLink) {
  if (!test::own_network) GTEST_SKIP() << "a network of its own takes root";
  ASSERT_TRUE(run("ip link add state0 type veth peer name state1"));
  const unsigned index = if_nametoindex("state0");
  const auto now = [index] { return interface_state("state0", index); };
  EXPECT_EQ(now(), InterfaceState::down);
  ASSERT_TRUE(run("ip link set state0 up"));
  EXPECT_EQ(now(), InterfaceState::no_carrier) << "the other end is down";
  ASSERT_TRUE(run("ip link set state1 up"));
  EXPECT_EQ(now(), InterfaceState::up);
  ASSERT_TRUE(run("ip link del state0"));
  EXPECT_EQ(now(), InterfaceState::gone);
  ASSERT_TRUE(run("ip link add state0 type veth peer name state1"));
  EXPECT_EQ(now(), InterfaceState::gone) << "this is another one";
  ASSERT_TRUE(run("ip link del state0"));
}

}  // namespace
}  // namespace reveille
