// What a later configuration adds to the addresses that leases are laid out for.
#include "dhcp/address_plan.h"

#include <array>

#include <gtest/gtest.h>

namespace reveille {
namespace {

PlannedRange range(std::uint32_t first, std::uint32_t last, std::uint16_t subnet = 0) {
  return {{first}, {last}, subnet};
}

std::string text_of(const AddressPlan& plan) {
  std::string text;
  for (const PlannedRange& one : plan.additions()) {
    text += std::to_string(one.first.value) + "-" + std::to_string(one.last.value) + "/" +
            std::to_string(one.subnet) + " ";
  }
  return text;
}

TEST(AddressPlan, AddsWhatNoConfigurationHad) {
  const AddressPlan start({range(50, 59), range(10, 19), range(15, 15, 1), range(30, 39, 1)});
  const auto next = start.with({range(40, 70), range(5, 12), range(25, 35, 1)}).value();
  EXPECT_EQ(text_of(next), "5-9/0 25-29/1 40-49/0 60-70/0 ");
}

TEST(AddressPlan, NeverAddsAnAddressTwice) {
  const AddressPlan start({range(10, 19)});
  const auto more = start.with({range(10, 29)}).value();
  const auto less = more.with({range(12, 13)}).value();
  EXPECT_EQ(text_of(less), "20-29/0 ");
  const auto again = less.with({range(8, 30)}).value();
  EXPECT_EQ(text_of(again), "20-29/0 8-9/0 30-30/0 ") << "those of before come first";
}

TEST(AddressPlan, KeepsAddressesInTheirSubnets) {
  const AddressPlan start({range(10, 19)});
  const auto moved = start.with({range(15, 15, 1)});
  ASSERT_FALSE(moved);
  EXPECT_EQ(moved.error(), "0.0.0.15 was of another [[subnet]]");
}

TEST(AddressPlan, HasALimitForAllReloadsTogether) {
  const AddressPlan start;
  const auto half = start.with({range(1, AddressPlan::kSpareAddresses / 2)}).value();
  EXPECT_TRUE(half.with({range(1, AddressPlan::kSpareAddresses)}));
  EXPECT_FALSE(half.with({range(1, AddressPlan::kSpareAddresses + 1)}));
  EXPECT_TRUE(half.with({}).value().with({range(1, AddressPlan::kSpareAddresses)}));
}

TEST(AddressPlan, LeavesOutWhatTheStoreKnowsALeaseOf) {
  const AddressPlan start({range(15, 15, AddressPlan::kOnRecord)});
  const auto next = start.with({range(10, 19)}).value();
  EXPECT_EQ(text_of(next), "10-14/0 16-19/0 ");
  EXPECT_EQ(next.on_record(), 1U);
  EXPECT_EQ(next.with({range(10, 14)}).value().on_record(), 0U);
}

TEST(AddressPlan, LearnsOfLeasesThatTheStoreGetsLater) {
  const std::array recorded{Ipv4Address{15}, Ipv4Address{25}, Ipv4Address{25}};
  const AddressPlan start = AddressPlan({range(10, 19)}).knowing(recorded);
  const auto next = start.with({range(10, 29)}).value();
  EXPECT_EQ(text_of(next), "20-24/0 26-29/0 ");
  EXPECT_EQ(next.on_record(), 1U) << "a worker has the other one";
}

TEST(AddressPlan, TheLastAddressOfAllIsOneToo) {
  const AddressPlan start({range(0xfffffff0, 0xfffffffe)});
  EXPECT_EQ(text_of(start.with({range(0xfffffff8, 0xffffffff)}).value()),
            "4294967295-4294967295/0 ");
}

}  // namespace
}  // namespace reveille
