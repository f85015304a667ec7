// What an operator is told of a release or a reservation, whatever the workers say and whenever.
#include "control/leases/lease_orders.h"

#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace reveille {
namespace {

using Answer = LeaseOrderAnswer::Kind;
using testing::HasSubstr;

constexpr Ipv4Address kAddress = Ipv4Address::of(10, 77, 1, 5);

// Three workers that say what the test wants them to.
class Orders : public testing::Test {
 protected:
  void ask(LeaseOrder::Kind kind = LeaseOrder::Kind::release) {
    told_.reset();
    orders_.ask(kind, kAddress, [this](const LeaseOrders::Result& result) {
      EXPECT_FALSE(told_) << "told twice";
      told_ = result ? "done" : result.error();
    });
    turn();
  }
  void turn(Nanoseconds time = {}) {
    now_ += time;
    orders_.turn(now_);
  }
  void say(Answer kind) { answers_.push_back({kind, {}, sent_.back().number}); }
  // All workers, in one turn.
  void say(Answer first, Answer second, Answer third) {
    for (const Answer kind : {first, second, third}) say(kind);
    turn(50ms);
  }
  [[nodiscard]] std::string told() const { return told_.value_or("nothing yet"); }

  Instant now_ = Instant{} + 10s;
  std::vector<LeaseOrder> sent_;
  std::vector<LeaseOrderAnswer> answers_;
  std::optional<std::string> told_;
  LeaseOrders orders_{{.workers = 3,
                       .order = [this](const LeaseOrder& order) { sent_.push_back(order); },
                       .answers =
                           [this](const auto& tell) {
                             for (const LeaseOrderAnswer& answer : answers_) tell(answer);
                             answers_.clear();
                           }}};
};

TEST_F(Orders, AreDoneWhenTheOwnerHasDoneThemAndAllHaveAnswered) {
  ask();
  ASSERT_EQ(sent_.size(), 1U);
  EXPECT_EQ(sent_[0].address, kAddress);
  say(Answer::not_mine);
  say(Answer::done);
  turn(50ms);
  EXPECT_EQ(told(), "nothing yet");
  say(Answer::not_mine);
  turn(50ms);
  EXPECT_EQ(told(), "done");
}

// An address that moved after it was released is free at its new owner's.
TEST_F(Orders, AreDoneWhoeverAnswersLast) {
  for (const Answer other : {Answer::as_it_was, Answer::busy, Answer::too_late}) {
    ask();
    say(other, Answer::done, Answer::not_mine);
    EXPECT_EQ(told(), "done");
    ask();
    say(Answer::done, other, Answer::not_mine);
    EXPECT_EQ(told(), "done");
  }
}

TEST_F(Orders, AreDoneWhenTheOwnerSaysSoAndAnotherWorkerHangs) {
  ask();
  say(Answer::done);
  say(Answer::not_mine);
  turn(50ms);
  turn(LeaseOrders::kPatience);
  EXPECT_EQ(told(), "done");
}

TEST_F(Orders, MayHappenStillWhenAWorkerHangs) {
  ask();
  say(Answer::not_mine);
  say(Answer::not_mine);
  turn(LeaseOrders::kPatience + 1ms);
  EXPECT_THAT(told(), HasSubstr("10.77.1.5: a worker or the disk does not answer, and it may"));
  // What it says then is of yesterday.
  say(Answer::done);
  ask();
  EXPECT_EQ(told(), "nothing yet");
  say(Answer::as_it_was, Answer::not_mine, Answer::not_mine);
  EXPECT_EQ(told(), "10.77.1.5 is free already");
}

TEST_F(Orders, AreNotBegunOnceTheOperatorIsAboutToHearThatTheyWereNot) {
  ask();
  EXPECT_EQ(sent_.at(0).until, now_ + LeaseOrders::kPatience - LeaseOrders::kTimeToAnswer);
  say(Answer::too_late, Answer::not_mine, Answer::not_mine);
  EXPECT_THAT(told(), HasSubstr("nothing has changed"));
}

TEST_F(Orders, AreRepeatedWhileTheDiskIsBehindButNotForLonger) {
  ask(LeaseOrder::Kind::reserve);
  const Instant until = sent_.at(0).until;
  for (int i = 0; i < 10; ++i) {
    say(Answer::not_mine, Answer::busy, Answer::as_it_was);
    ASSERT_EQ(told(), "nothing yet");
    ASSERT_EQ(sent_.size(), 2U + static_cast<std::size_t>(i));
    EXPECT_EQ(sent_.back().until, until);
  }
  say(Answer::not_mine, Answer::done, Answer::not_mine);
  EXPECT_EQ(told(), "done");
}

TEST_F(Orders, LookForAnAddressThatIsOnItsWayBetweenTwoWorkers) {
  ask();
  for (int i = 0; i < 3; ++i) {
    say(Answer::not_mine, Answer::not_mine, Answer::not_mine);
    EXPECT_EQ(told(), "nothing yet");
  }
  say(Answer::not_mine, Answer::not_mine, Answer::not_mine);
  EXPECT_EQ(told(), "10.77.1.5 is in no pool of this server");
}

TEST_F(Orders, LookForItAsOftenAfterABusyTime) {
  ask();
  for (int i = 0; i < 3; ++i) say(Answer::not_mine, Answer::not_mine, Answer::not_mine);
  for (int i = 0; i < 5; ++i) say(Answer::busy, Answer::not_mine, Answer::not_mine);
  for (int i = 0; i < 3; ++i) {
    say(Answer::not_mine, Answer::not_mine, Answer::not_mine);
    ASSERT_EQ(told(), "nothing yet") << i;
  }
  say(Answer::done, Answer::not_mine, Answer::not_mine);
  EXPECT_EQ(told(), "done");
}

TEST_F(Orders, WaitForEachOtherUpToALimit) {
  std::vector<std::string> told;
  const auto note = [&told](const LeaseOrders::Result& result) {
    told.push_back(result ? "done" : result.error());
  };
  for (std::size_t i = 0; i <= LeaseOrders::kWaitingMax; ++i) {
    orders_.ask(LeaseOrder::Kind::release, kAddress, note);
  }
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0], "too many others wait to change leases");
  for (std::size_t i = 0; i < LeaseOrders::kWaitingMax; ++i) {
    turn(50ms);
    ASSERT_EQ(sent_.size(), i + 1);
    say(Answer::done, Answer::not_mine, Answer::not_mine);
  }
  EXPECT_EQ(told.size(), 1 + LeaseOrders::kWaitingMax);
}

}  // namespace
}  // namespace reveille
