// What an operator is told of each lease that was brought from another server, whatever the workers
// and the store say and whenever.
#include "control/leases/lease_imports.h"

#include <map>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/leases/foreign_lease.h"

namespace reveille {
namespace {

using Said = LeaseImport::Answer;
using Fate = LeaseImports::Fate;
using Json = nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

LeaseChange lease(std::uint8_t last) {
  return {.address = Ipv4Address::of(10, 77, 1, last), .client = {1, last}};
}

// Two workers and a store that do what the test wants.
class Imports : public testing::Test {
 protected:
  void ask(std::initializer_list<std::uint8_t> addresses) {
    std::vector<LeaseChange> leases;
    for (const std::uint8_t last : addresses) leases.push_back(lease(last));
    imports_.ask(std::move(leases),
                 [this](const LeaseImports::Result& result) { told_.push_back(result); });
  }
  // A worker says that of an address; of others not_mine.
  void answer(unsigned worker, std::map<std::uint8_t, Said> said) {
    ASSERT_NE(piece_, nullptr);
    for (std::size_t i = 0; i < piece_->leases.size(); ++i) {
      const auto found = said.find(static_cast<std::uint8_t>(piece_->leases[i].address.value));
      if (found != said.end()) piece_->answers.at(worker).at(i) = found->second;
    }
  }
  void let_go() { piece_ = nullptr; }
  void turn(Nanoseconds time = 1ms) {
    now_ += time;
    imports_.turn(now_);
  }
  [[nodiscard]] std::vector<int> at_workers() const {
    std::vector<int> addresses;
    if (piece_ == nullptr) return addresses;
    for (const LeaseChange& one : piece_->leases) {
      addresses.push_back(static_cast<int>(one.address.value & 255));
    }
    return addresses;
  }

  Instant now_ = Instant{} + 10s;
  LeaseImport* piece_ = nullptr;
  Committer::Addition* addition_ = nullptr;
  std::optional<std::uint64_t> plan_ = 1;
  std::vector<LeaseImports::Result> told_;
  LeaseImports imports_{{.workers = 2,
                         .import = [this](LeaseImport& piece) { piece_ = &piece; },
                         .imported = [this] { return piece_ == nullptr; },
                         .add = [this](Committer::Addition& all) { addition_ = &all; },
                         .added = [this] { return addition_ == nullptr; },
                         .plan = [this] { return plan_; }}};
};

TEST_F(Imports, EachLeaseHasTheFateThatItsOwnerSays) {
  ask({1, 2, 3, 4});
  EXPECT_TRUE(imports_.is_busy());
  turn();
  EXPECT_THAT(at_workers(), ElementsAre(1, 2, 3, 4));
  answer(0, {{1, Said::taken}, {2, Said::held}});
  answer(1, {{3, Said::known}, {4, Said::elsewhere}});
  turn();
  EXPECT_TRUE(told_.empty()) << "they have not let go of it";
  let_go();
  turn();
  turn();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(*told_[0], ElementsAre(Fate::taken, Fate::held, Fate::known, Fate::elsewhere));
  EXPECT_FALSE(imports_.is_busy());
  EXPECT_EQ(imports_.count(), 1U);
}

TEST_F(Imports, OnlyWhatMovesIsAskedForAgain) {
  ask({1, 2});
  turn();
  answer(0, {{1, Said::taken}, {2, Said::moved}});
  let_go();
  turn();
  turn();
  EXPECT_THAT(at_workers(), ElementsAre(2));
  answer(1, {{2, Said::taken}});
  let_go();
  turn();
  turn();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(*told_[0], ElementsAre(Fate::taken, Fate::taken));
}

TEST_F(Imports, WhatNoWorkerHasIsOnlyRecorded) {
  ask({1, 2, 3});
  for (int tries = 0; tries < 5; ++tries) {
    turn();
    ASSERT_NE(piece_, nullptr) << tries;
    if (tries == 0) answer(1, {{2, Said::taken}});
    EXPECT_EQ(addition_, nullptr) << "it may be on its way between two workers";
    let_go();
    turn();
  }
  ASSERT_NE(addition_, nullptr);
  ASSERT_EQ(addition_->leases.size(), 2U);
  EXPECT_EQ(addition_->leases[1].address, lease(3).address);
  EXPECT_TRUE(told_.empty());
  addition_->added = {false, true};
  addition_ = nullptr;
  turn();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(*told_[0], ElementsAre(Fate::known, Fate::taken, Fate::taken));
}

// It is a worker's address: a record behind its back would be wrong.
TEST_F(Imports, WhatKeepsMovingIsLeftAlone) {
  ask({1});
  for (int tries = 0; tries < 100 && told_.empty(); ++tries) {
    turn();
    if (piece_ == nullptr) continue;
    answer(tries % 2 == 0 ? 0 : 1, {{1, Said::moved}});
    let_go();
  }
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(*told_[0], ElementsAre(Fate::unsettled));
  EXPECT_EQ(addition_, nullptr);
}

TEST_F(Imports, OnePieceAfterTheOther) {
  ask({1});
  ask({2});
  turn();
  EXPECT_THAT(at_workers(), ElementsAre(1));
  answer(0, {{1, Said::taken}});
  let_go();
  turn();
  turn();
  EXPECT_THAT(at_workers(), ElementsAre(2));
  EXPECT_EQ(told_.size(), 1U);
}

TEST_F(Imports, AreBounded) {
  for (std::size_t i = 0; i < LeaseImports::kWaitingMax; ++i) ask({1});
  EXPECT_TRUE(told_.empty());
  ask({2});
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(told_[0].error(), HasSubstr("too many"));
}

// A worker that hangs may still look at it: nothing else goes to the workers meanwhile.
TEST_F(Imports, ThatNobodyAnswersComeToTheirEnd) {
  ask({1});
  turn();
  LeaseImport* const piece = piece_;
  turn(4s);
  EXPECT_TRUE(told_.empty());
  turn(2s);
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(told_[0].error(), HasSubstr("does not answer"));
  ask({2});
  ASSERT_EQ(told_.size(), 2U);
  EXPECT_FALSE(told_[1]);
  EXPECT_EQ(piece->leases.size(), 1U) << "still there";
  let_go();
  turn();
  ask({2});
  turn();
  EXPECT_THAT(at_workers(), ElementsAre(2));
}

// ---- leases as words

TEST(ForeignLease, ComesBackFromWordsAsItWas) {
  ImportedLease all;
  all.address = Ipv4Address::of(10, 77, 1, 5);
  all.state = RowState::declined;
  all.mac = *MacAddress::parse("52:54:00:12:34:56");
  all.client_id = std::vector<std::uint8_t>(255, 0xfe);
  all.until = 1790000000;
  ImportedLease least;
  least.address = Ipv4Address::of(10, 77, 1, 6);
  for (const ImportedLease& one : {all, least}) {
    const auto again = foreign_lease_of(Json::parse(words_of(one).dump()));
    ASSERT_TRUE(again) << again.error();
    EXPECT_EQ(again->address, one.address);
    EXPECT_EQ(again->state, one.state);
    EXPECT_EQ(again->mac, one.mac);
    EXPECT_EQ(again->client_id, one.client_id);
    EXPECT_EQ(again->until, one.until);
  }
}

TEST(ForeignLease, OfOtherWordsIsRefused) {
  const std::string good = R"(["10.77.1.5","bound","52:54:00:12:34:56",1790000000,"01:52"])";
  ASSERT_TRUE(foreign_lease_of(Json::parse(good)));
  for (const char* const bad : {
           R"({})",
           R"("10.77.1.5")",
           R"([])",
           R"(["10.77.1.5","bound","",null])",
           R"(["10.77.1.5","bound","",null,"",""])",
           R"([5,"bound","",null,""])",
           R"(["10.77.1.500","bound","",null,""])",
           R"(["0.0.0.0","bound","",null,""])",
           R"(["224.0.0.1","bound","",null,""])",
           R"(["10.77.1.5","reserved","",null,""])",
           R"(["10.77.1.5","","",null,""])",
           R"(["10.77.1.5","bound","52:54",null,""])",
           R"(["10.77.1.5","bound","",-1,""])",
           R"(["10.77.1.5","bound","",1.5,""])",
           R"(["10.77.1.5","bound","",18446744073709551615,""])",
           R"(["10.77.1.5","bound","","1790000000",""])",
           R"(["10.77.1.5","bound","",null,"xy"])",
           R"(["10.77.1.5","bound","",null,7])",
       }) {
    const auto lease = foreign_lease_of(Json::parse(bad));
    ASSERT_FALSE(lease) << bad;
    EXPECT_FALSE(lease.error().empty());
  }
  EXPECT_FALSE(foreign_lease_of(
      Json::array({"10.77.1.5", "bound", "", nullptr, std::string(256 * 3 - 1, 'a')})));
}

TEST(ForeignLease, IsWhatItsClientWouldHaveHere) {
  const ForeignTerms terms{
      .identity = Identity::mac, .key_seed = 7, .now = Instant{} + 100s, .wall_seconds = 1000};
  ImportedLease lease;
  lease.address = Ipv4Address::of(10, 77, 1, 5);
  EXPECT_THAT(change_of(lease, terms).error(), HasSubstr("names no client"));
  lease.mac = *MacAddress::parse("52:54:00:12:34:56");
  lease.client_id = {1, 2, 3};
  EXPECT_EQ(change_of(lease, terms)->until, Instant::max());
  lease.until = 1060;
  const auto change = change_of(lease, terms);
  EXPECT_EQ(change->kind, LeaseChange::Kind::bound);
  EXPECT_EQ(change->client, ethernet_key_of(lease.mac));
  EXPECT_EQ(change->until, terms.now + 60s);
  lease.until = 1000;
  EXPECT_EQ(change_of(lease, terms)->kind, LeaseChange::Kind::expired);
  lease.until = std::int64_t{1} << 41;
  EXPECT_GT(change_of(lease, terms)->until, terms.now);
  ForeignTerms by_id = terms;
  by_id.identity = Identity::client_id;
  EXPECT_NE(change_of(lease, by_id)->client, ethernet_key_of(lease.mac));
  lease.state = RowState::declined;
  EXPECT_TRUE(change_of(lease, terms)->client.is_nobody());
}

// What no worker has may be what a reload is bringing: it is for the store only when none was under
// way since the workers were asked.
TEST_F(Imports, WaitsForAReload) {
  ask({1});
  plan_.reset();
  for (int i = 0; i < 10'000; ++i) {
    turn();
    let_go();
  }
  EXPECT_EQ(addition_, nullptr);
  EXPECT_TRUE(told_.empty());
  turn();
  plan_ = 2;  // those that are asked now have not seen it
  let_go();
  turn();
  EXPECT_EQ(addition_, nullptr);
  turn();
  answer(1, {{1, Said::taken}});
  let_go();
  turn();
  turn();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(*told_[0], ElementsAre(Fate::taken));
  EXPECT_TRUE(imports_.outside().empty());
}

// A worker in the middle of a turn still has the configuration from before.
TEST_F(Imports, AsksAsOftenAsEverAfterAReload) {
  ask({1});
  plan_.reset();
  for (int i = 0; i < 10; ++i) {
    turn();
    let_go();
  }
  plan_ = 2;
  for (int i = 0; i < 5; ++i) {
    turn();  // hears the last one
    turn();
    EXPECT_EQ(addition_, nullptr);
    ASSERT_THAT(at_workers(), ElementsAre(1)) << i;
    if (i < 4) let_go();
  }
  answer(0, {{1, Said::taken}});
  let_go();
  turn();
  turn();
  ASSERT_EQ(told_.size(), 1U);
  EXPECT_THAT(*told_[0], ElementsAre(Fate::taken));
}

TEST_F(Imports, EndWithReloadsThatDoNot) {
  ask({1});
  plan_.reset();
  const Instant begin = now_;
  while (told_.empty() && now_ - begin < 2 * LeaseImports::kReloadPatience) {
    now_ += 1s;
    turn();
    let_go();
  }
  ASSERT_EQ(told_.size(), 1U);
  ASSERT_FALSE(told_[0]);
  EXPECT_THAT(told_[0].error(), HasSubstr("a reload does not come to its end"));
  EXPECT_LE(now_ - begin, LeaseImports::kReloadPatience + 2s);
  plan_ = 1;
  ask({1});  // the next one is as welcome as ever
  for (int i = 0; i < 20 && addition_ == nullptr; ++i) {
    turn();
    let_go();
  }
  EXPECT_NE(addition_, nullptr);
}

TEST_F(Imports, RemembersWhatOnlyTheStoreHas) {
  ask({1});
  for (int i = 0; i < 20 && addition_ == nullptr; ++i) {
    turn();
    let_go();
  }
  ASSERT_NE(addition_, nullptr);
  EXPECT_THAT(imports_.outside(), ElementsAre(Ipv4Address::of(10, 77, 1, 1)))
      << "whether or not the store ever says so";
}

}  // namespace
}  // namespace reveille
