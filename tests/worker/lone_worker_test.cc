// One worker of two whose peer never runs: what happens at the limits between workers.
#include <thread>

#include <gtest/gtest.h>

#include "port/port.h"
#include "worker/loop.h"
#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

class LoneWorker : public testing::Test {
 protected:
  LoneWorker() {
    config_.interfaces = {wire_.config("10.78.0.1/16")};
    SubnetConfig subnet;
    subnet.prefix = *Ipv4Prefix::parse("10.78.0.0/16");
    subnet.pools = {{Ipv4Address::of(10, 78, 1, 0), Ipv4Address::of(10, 78, 20, 255)}};
    config_.subnets = {subnet};
    config_.dhcp.detect_conflicts = false;  // what leaves answers what came
    pools_ = *Pools::create(2, pool_sizes(2, 1));
    auto port = Port::open(*PortPlan::make(config_.interfaces[0], 1), pools_.receive.get());
    EXPECT_TRUE(port) << port.error();
    port_.emplace(std::move(*port));
    EXPECT_TRUE(port_->start());
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->stations.push_back(
        Station{.port = port_->id(), .mac = kServerMac, .address = *config_.interfaces[0].address});
    snapshot->config = std::make_shared<const Config>(config_);
    snapshot->subnets = std::make_shared<const Subnets>(config_);
    snapshot->catalogue = std::make_shared<const Catalogue>();
    snapshot->policy = std::make_shared<const BootPolicy>(config_, *snapshot->catalogue);
    const WorkerParts parts{
        .share = {0, 2},
        .queues = {{port_->id(), 0}},
        .lanes = {{.port = port_->id(), .queue = 0, .owner = 0, .gathers = true}},
        .heads = pools_.heads[0].get(),
        .payloads = pools_.payloads[0].get(),
        .tsc = &tsc_,
        .snapshots = &snapshots_,
        .rings = &rings_,
        .links = &links_};
    worker_ = std::make_unique<Worker>(parts, *snapshot);
    snapshots_.publish(std::move(snapshot));
    thread_ = std::thread([this] { worker_->run(); });
  }
  ~LoneWorker() override {
    worker_->stop();
    thread_.join();
    std::array<rte_mbuf*, kBurst> frames;
    while (const unsigned count = rings_.between(0, 1).frames.take(frames)) {
      rte_pktmbuf_free_bulk(frames.data(), count);
    }
  }
  LoneWorker(const LoneWorker&) = delete;
  LoneWorker& operator=(const LoneWorker&) = delete;

  bool settle(std::uint64_t outcomes) {
    return Site::await([&] { return worker_->statistics().outcomes.total() == outcomes; });
  }
  static unsigned client_of(unsigned worker, unsigned from) {
    while (owner_of(client_mac(from), 2) != worker) ++from;
    return from;
  }

  RingPort wire_;
  Config config_;
  Pools pools_;
  TscClock tsc_;
  Rings rings_{2, true};
  Snapshots snapshots_{2, {}};
  LinkState links_;
  std::optional<Port> port_;
  std::unique_ptr<Worker> worker_;
  std::thread thread_;
};

TEST_F(LoneWorker, AFullRingToTheOwnerIsAnOutcomeAndHoldsUpNobodyElse) {
  const unsigned theirs = client_of(1, 0);
  const unsigned ours = client_of(0, 0);
  // Their ring takes 1023 frames and nobody empties it.
  for (int i = 0; i < 1500; ++i) ASSERT_TRUE(wire_.inject(discover(theirs)));
  ASSERT_TRUE(settle(1500 - 1023));
  EXPECT_EQ(worker_->statistics().outcomes[Outcome::steering_ring_full], 1500u - 1023);
  EXPECT_EQ(worker_->statistics().frames_steered, 1023u);
  ASSERT_TRUE(wire_.inject(discover(ours)));
  ASSERT_TRUE(settle(1500 - 1023 + 1));
  EXPECT_EQ(worker_->statistics().outcomes[Outcome::dhcp_offered], 1u);
  EXPECT_EQ(wire_.collect().size(), 1u);
}

TEST_F(LoneWorker, AFrameHandedOverCarriesItsRequest) {
  const unsigned theirs = client_of(1, 0);
  ASSERT_TRUE(wire_.inject(discover(theirs)));
  rte_mbuf* frame = nullptr;
  ASSERT_TRUE(Site::await([&] { return rings_.between(0, 1).frames.take({&frame, 1}) == 1; }));
  const FrameNote& note = note_of(*frame);
  EXPECT_EQ(note.request.service, Service::dhcp);
  EXPECT_EQ(note.request.link_source, client_mac(theirs));
  const Octets sent = discover(theirs);
  EXPECT_EQ(Octets(note.request.body.begin(), note.request.body.end()),
            Octets(sent.begin() + 42, sent.end()));
  EXPECT_GT(note.at, Instant{});
  rte_pktmbuf_free(frame);
}

TEST_F(LoneWorker, AFrameHandedOverWakesItsOwner) {
  Doorbell& doorbell = rings_.doorbell_of(1);
  doorbell.listen();
  EXPECT_FALSE(has_rung(doorbell));
  ASSERT_TRUE(wire_.inject(discover(client_of(1, 0))));
  EXPECT_TRUE(Site::await([&] { return has_rung(doorbell); }));
}

TEST(Steering, MessagesAndWhatDhcpHasLearnedWakeWhoGetsThem) {
  const Rings rings(2, false);
  Steering from({0, 2}, rings);
  Doorbell& doorbell = rings.doorbell_of(1);
  std::array<PeerMessage, 1> storage;
  Outbox outbox(storage);
  ASSERT_TRUE(outbox.add({.from = 0, .to = 1}));
  doorbell.listen();
  EXPECT_EQ(from.send(outbox), 1U);
  EXPECT_TRUE(has_rung(doorbell));
  doorbell.listen();
  EXPECT_TRUE(from.tell(1, {}));
  EXPECT_TRUE(has_rung(doorbell));
}

TEST(Steering, MessagesThatFindNoRoomStayInTheOutboxInOrder) {
  const Rings rings(2, false);
  Steering from({0, 2}, rings);
  Steering to({1, 2}, rings);
  std::array<PeerMessage, 512> storage;
  Outbox outbox(storage);
  for (std::uint16_t i = 0; i < 400; ++i) {
    ASSERT_TRUE(outbox.add({.from = 0, .to = 1, .count = i}));
  }
  EXPECT_EQ(from.send(outbox), RingPair::kMessagesMax);
  EXPECT_EQ(outbox.all().size(), 400u - RingPair::kMessagesMax);
  std::vector<std::uint16_t> heard;
  const auto hear = [&] {
    std::array<PeerMessage, kBurst> messages;
    while (const unsigned count = to.receive(0, messages)) {
      for (unsigned i = 0; i < count; ++i) heard.push_back(messages[i].count);
    }
  };
  hear();
  EXPECT_EQ(from.send(outbox), 400u - RingPair::kMessagesMax);
  hear();
  ASSERT_EQ(heard.size(), 400u);
  for (std::uint16_t i = 0; i < 400; ++i) EXPECT_EQ(heard[i], i);
}

}  // namespace
}  // namespace reveille
