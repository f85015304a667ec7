// A flood against an ideal server: who counts, who does not, and that a full port is fair.
#include "storm/flood.h"

#include <gtest/gtest.h>

#include <reveille/wire/ethernet.h>
#include <reveille/wire/ipv4.h>
#include <reveille/wire/udp.h>

#include "storm/link.h"

namespace reveille::storm::test {
namespace {

constexpr MacAddress kServerMac{{2, 0, 0, 0, 0, 1}};
constexpr Ipv4Address kServer = Ipv4Address::of(10, 77, 0, 1);

// A flood and an ideal server on a virtual clock; a frame takes one turn of 100 us.
class FloodTest : public testing::Test {
 protected:
  // A port that takes so many frames a turn.
  class Line : public Outlet {
   public:
    MutableBytes room() override { return room_; }
    void send(std::size_t length) override { queue.emplace_back(&room_[0], &room_[length]); }
    [[nodiscard]] std::size_t waiting() const override { return queue.size(); }
    std::vector<Octets> leave(std::size_t most) {
      const auto end = queue.begin() + static_cast<std::ptrdiff_t>(std::min(most, queue.size()));
      std::vector<Octets> left(queue.begin(), end);
      queue.erase(queue.begin(), end);
      return left;
    }

    std::vector<Octets> queue;

   private:
    std::array<std::uint8_t, kRoom> room_{};
  };

  void run(const FloodConfig& config) {
    flood_.emplace(config, line_);
    std::vector<Octets> arriving;
    for (Instant now{}; !flood_->finished(); now += 100us) {
      for (const Octets& frame : std::exchange(arriving, {})) flood_->receive(frame, now);
      flood_->tick(now);
      for (Octets& frame : line_.leave(per_turn_)) {
        if (see) see(frame);
        server_.receive(frame);
      }
      std::swap(arriving, answers_);
      if (now - Instant{} < mute_until_) arriving.clear();
    }
  }
  [[nodiscard]] const FloodCounters& counters() const { return flood_->counters(); }

  std::function<void(const Octets&)> see;
  std::size_t per_turn_ = 1000;
  Nanoseconds mute_until_{};
  Line line_;
  std::vector<Octets> answers_;
  Collector from_server_{[this](Octets frame) { answers_.push_back(std::move(frame)); }};
  std::array<std::uint8_t, 1> file_{};
  IdealResponder server_{kServerMac, kServer, Bytes{file_}, from_server_};
  std::optional<Flood> flood_;
};

TEST_F(FloodTest, EveryoneGetsALeaseFromAServerThatKeepsUp) {
  run({.rate = 20'000, .duration = 500ms, .patience = 50ms});
  EXPECT_EQ(counters().discovers, 10'000);
  EXPECT_EQ(counters().offers, 10'000);
  EXPECT_EQ(counters().leases + counters().after, 10'000);
  EXPECT_GE(counters().leases, 9'980) << "two turns of two machines come when no more do";
  EXPECT_EQ(counters().dropped, 0);
  EXPECT_EQ(counters().late, 0);
  // Two turns for the OFFER and two for the ACK, to the next turn.
  EXPECT_GE(flood_->lease_time().at(0.99), 200us);
  EXPECT_LE(flood_->lease_time().at(0.99), 500us);
}

TEST_F(FloodTest, EachDiscoverIsAnotherMachinesAndWhole) {
  std::vector<std::uint64_t> machines;
  see = [&machines](const Octets& frame) {
    const auto ethernet = wire::EthernetView::parse(frame);
    ASSERT_TRUE(ethernet);
    const auto packet = wire::Ipv4View::parse(ethernet->payload());
    ASSERT_TRUE(packet);
    const auto datagram = wire::UdpView::parse(*packet);
    ASSERT_TRUE(datagram);
    EXPECT_NE(datagram->checksum(), 0);
    EXPECT_TRUE(datagram->checksum_good());
    const auto message = wire::DhcpView::parse(datagram->payload());
    ASSERT_TRUE(message);
    EXPECT_EQ(message->chaddr(), ethernet->source());
    if (message->type() == wire::DhcpType::discover) {
      machines.push_back(message->chaddr().number());
    } else {
      EXPECT_EQ(message->type(), wire::DhcpType::request);
      EXPECT_EQ(message->option_address(wire::DhcpOption::server_identifier), kServer);
    }
  };
  run({.rate = 10'000, .duration = 300ms, .patience = 50ms, .first_machine = 0xfff0});
  ASSERT_EQ(machines.size(), 3000);
  for (std::uint32_t i = 0; i < machines.size(); ++i) {
    EXPECT_EQ(machines[i], mac_of(0xfff0 + i).number());
  }
}

TEST_F(FloodTest, WhatComesTooLateDoesNotCount) {
  mute_until_ = 10ms;  // and then the queue of the server is lost
  run({.rate = 10'000, .duration = 20ms, .patience = 50ms});
  EXPECT_EQ(counters().leases + counters().after, counters().offers);
  EXPECT_NEAR(static_cast<double>(counters().offers), 100, 5);

  per_turn_ = 1;  // 10 000 frames a second: the last of 256 waits for 25 ms
  mute_until_ = {};
  run({.rate = 10'000, .duration = 1s, .patience = 10ms});
  EXPECT_GT(counters().late, 1000);
  EXPECT_LT(counters().leases, 200);
}

TEST_F(FloodTest, AFullPortDropsBothKindsAlike) {
  per_turn_ = 4;  // 40 000 frames a second
  run({.rate = 200'000, .duration = 2s, .patience = 500ms});
  const auto share = [](double part, double whole) { return part / whole; };
  const double offered = share(static_cast<double>(counters().offers), 400'000);
  const double leased =
      share(static_cast<double>(counters().leases), static_cast<double>(counters().offers));
  // 40 of 200 + what they ask for next.
  EXPECT_NEAR(offered, 0.17, 0.02);
  EXPECT_NEAR(leased, offered, 0.03);
}

TEST_F(FloodTest, ALeaseCountsOnce) {
  see = [this](const Octets& frame) { server_.receive(frame); };  // and again by run()
  run({.rate = 1000, .duration = 100ms, .patience = 50ms});
  EXPECT_EQ(counters().offers, 200);
  EXPECT_EQ(counters().leases + counters().after, 100);
}

TEST_F(FloodTest, AnswersThatNobodyAskedForDoNotCount) {
  FloodConfig config{.rate = 1000, .duration = 20ms, .patience = 10ms};
  Collector away{[](const Octets&) {}};
  Flood flood(config, away);
  std::vector<Octets> told;
  Collector keep{[&told](Octets frame) { told.push_back(std::move(frame)); }};
  IdealResponder server(kServerMac, kServer, Bytes{file_}, keep);
  see = [&server](const Octets& frame) { server.receive(frame); };
  run(config);  // of another flood, as far as this one knows
  ASSERT_FALSE(told.empty());
  for (const Octets& frame : told) flood.receive(frame, Instant{} + 1ms);
  for (std::size_t length = 0; length < told[0].size(); length += 7) {
    flood.receive(Bytes{told[0]}.first(length), Instant{} + 1ms);
  }
  EXPECT_EQ(flood.counters().offers, 0);
  EXPECT_EQ(flood.counters().leases, 0);
}

}  // namespace
}  // namespace reveille::storm::test
