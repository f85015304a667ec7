// An operator's word about an address reaches the worker that owns it, and nobody else acts.
#include <gtest/gtest.h>

#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;
using Kind = LeaseOrder::Kind;
using Answer = LeaseOrderAnswer::Kind;

class OrderSite : public Site {
 public:
  using Site::Site;

  // What each worker says.
  std::vector<Answer> tell(Kind kind, Ipv4Address address) {
    std::vector<Answer> answers;
    EXPECT_TRUE(workers->order_lease(
        {.kind = kind, .padding = {}, .address = address, .number = ++number_}));
    EXPECT_TRUE(await([&] {
      workers->take_order_answers([&](const LeaseOrderAnswer& answer) {
        EXPECT_EQ(answer.number, number_);
        answers.push_back(answer.kind);
      });
      return answers.size() == workers->count();
    }));
    return answers;
  }
  // What the one that owns the address says.
  Answer tell_owner(Kind kind, Ipv4Address address) {
    Answer owners = Answer::not_mine;
    unsigned owners_count = 0;
    for (const Answer answer : tell(kind, address)) {
      if (answer == Answer::not_mine) continue;
      owners = answer;
      ++owners_count;
    }
    EXPECT_LE(owners_count, 1U);
    return owners;
  }

 private:
  std::uint32_t number_ = 0;
};

class Orders : public testing::TestWithParam<std::uint16_t> {};
INSTANTIATE_TEST_SUITE_P(Workers, Orders, testing::Values(1, 3));

TEST_P(Orders, TheOwnerAndNobodyElseActs) {
  OrderSite site({.workers = GetParam(), .wire = {}});
  site.start();
  for (std::uint8_t i = 0; i < 6; ++i) {
    const Ipv4Address address = Ipv4Address::of(10, 78, 1, i);
    EXPECT_EQ(site.tell_owner(Kind::release, address), Answer::as_it_was);
    EXPECT_EQ(site.tell_owner(Kind::reserve, address), Answer::done);
    EXPECT_EQ(site.tell_owner(Kind::reserve, address), Answer::as_it_was);
  }
  EXPECT_TRUE(Site::await([&] { return site.workers->statistics().groups.at(0).declined == 6; }));
  EXPECT_EQ(site.tell_owner(Kind::release, Ipv4Address::of(10, 78, 1, 2)), Answer::done);
  EXPECT_EQ(site.tell_owner(Kind::release, Ipv4Address::of(10, 78, 1, 2)), Answer::as_it_was);
  EXPECT_EQ(site.tell_owner(Kind::reserve, Ipv4Address::of(192, 0, 2, 1)), Answer::not_mine);
  // Reserved is reserved: nobody is offered it.
  for (unsigned client = 0; client < 40; ++client) site.inject(discover(client));
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::dhcp_offered), 40U);
  for (const Octets& frame : site.wire.collect()) {
    const Ipv4Address offered{load_be32(&frame[42 + 16])};
    const bool is_reserved =
        offered < Ipv4Address::of(10, 78, 1, 6) && offered != Ipv4Address::of(10, 78, 1, 2);
    EXPECT_FALSE(is_reserved) << offered.text();
  }
}

TEST_P(Orders, AnAnswerWaitsForTheDisk) {
  OrderSite site({.workers = GetParam(), .wire = {}}, {}, {.durable_leases = true});
  Doorbell& committer = site.workers->lease_changes_doorbell();
  committer.listen();
  site.start();
  const Ipv4Address address = Ipv4Address::of(10, 78, 1, 3);
  ASSERT_TRUE(site.workers->order_lease(
      {.kind = Kind::reserve, .padding = {}, .address = address, .number = 7}));
  std::vector<Answer> answers;
  const auto listen = [&] {
    site.workers->take_order_answers(
        [&](const LeaseOrderAnswer& answer) { answers.push_back(answer.kind); });
  };
  std::array<LeaseChange, 4> changes{};
  std::size_t taken = 0;
  unsigned owner = 0;
  ASSERT_TRUE(Site::await([&] {
    for (unsigned worker = 0; worker < GetParam() && taken == 0; ++worker) {
      taken = site.workers->take_lease_changes(worker, changes);
      owner = worker;
    }
    return taken > 0;
  }));
  EXPECT_TRUE(Site::await([&] { return has_rung(committer); }));
  EXPECT_EQ(taken, 1U);
  EXPECT_EQ(changes[0].kind, LeaseChange::Kind::reserved);
  EXPECT_EQ(changes[0].address, address);
  EXPECT_TRUE(Site::await([&] {
    listen();
    return answers.size() + 1 == GetParam();
  }));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  listen();
  EXPECT_EQ(answers.size() + 1, GetParam()) << "it is not on disk yet";
  site.workers->leases_reached_disk(owner, 1);
  EXPECT_TRUE(Site::await([&] {
    listen();
    return answers.size() == GetParam();
  }));
  EXPECT_EQ(std::count(answers.begin(), answers.end(), Answer::done), 1);
}

}  // namespace
}  // namespace reveille
