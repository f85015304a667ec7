// Whole workers: every frame ends in one outcome, whatever it was and wherever its owner is.
#include "worker/workers.h"

#include <random>
#include <set>

#include <gtest/gtest.h>

#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

class ByWorkers : public testing::TestWithParam<std::uint16_t> {
 protected:
  [[nodiscard]] Site::Shape shape() const { return {.workers = GetParam()}; }
};
INSTANTIATE_TEST_SUITE_P(Workers, ByWorkers, testing::Values(1, 2, 4));

// Frames of real clients, whole, cut short and damaged; frames for others; frames in pieces.
std::vector<Octets> mixed_frames(std::size_t count) {
  const char* const names[] = {"ipxe_discover",
                               "ipxe_request",
                               "edk2_discover",
                               "ipxe_rrq",
                               "edk2_rrq",
                               "ipxe_arp_request",
                               "ipxe_router_solicitation",
                               "edk2_dad",
                               "edk2_mld",
                               "edk2_tcp",
                               "ipxe_ack",
                               "pxelinux_ack",
                               "edk2_error",
                               "dnsmasq_offer"};
  std::mt19937 random(42);
  std::vector<Octets> frames;
  for (std::size_t i = 0; i < count; ++i) {
    Octets frame = i % 5 == 0   ? discover(static_cast<unsigned>(random() % 500))
                   : i % 5 == 1 ? arp_request(static_cast<unsigned>(i))
                                : captured(names[random() % std::size(names)]);
    switch (random() % 4) {
      case 0:
        frame.resize(1 + random() % frame.size());
        break;
      case 1:
        frame[random() % frame.size()] ^= static_cast<std::uint8_t>(1 + random() % 255);
        break;
      default:
        break;
    }
    frames.push_back(std::move(frame));
  }
  return frames;
}

TEST_P(ByWorkers, EveryFrameEndsInExactlyOneOutcome) {
  Site site(shape());
  site.start();
  const std::size_t buffers = site.wire.free_buffers();
  for (const Octets& frame : mixed_frames(4000)) {
    site.inject(frame);
    if (site.injected % 256 == 0) {
      ASSERT_TRUE(site.settle());
    }
  }
  ASSERT_TRUE(site.settle());
  const WorkerStatistics sum = site.workers->statistics().sum();
  EXPECT_EQ(sum.frames_received, 4000u);
  EXPECT_EQ(sum.outcomes.total(), 4000u);
  EXPECT_GT(sum.outcomes[Outcome::arp_answered], 0u);
  EXPECT_GT(sum.outcomes[Outcome::dhcp_offered], 0u);
  EXPECT_GT(sum.outcomes[Outcome::frame_truncated], 0u);
  EXPECT_GT(sum.working, 0ns);
  EXPECT_EQ(sum.frames_unsent, 0u);
  EXPECT_EQ(site.wire.collect().size(), sum.frames_sent);
  EXPECT_EQ(site.wire.free_buffers(), buffers);  // and none is lost
}

TEST_P(ByWorkers, EveryClientIsServedByItsOwner) {
  Site site(shape());
  site.start();
  for (unsigned client = 0; client < 300; ++client) site.inject(discover(client));
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::dhcp_offered), 300u);
  std::set<std::uint32_t> addresses;
  for (const Octets& frame : site.wire.collect()) addresses.insert(load_be32(&frame[42 + 16]));
  EXPECT_EQ(addresses.size(), 300u);
  const Statistics statistics = site.workers->statistics();
  for (unsigned k = 0; k < statistics.workers.size(); ++k) {
    unsigned own = 0;
    for (unsigned client = 0; client < 300; ++client) {
      own += owner_of(client_mac(client), GetParam()) == k ? 1 : 0;
    }
    EXPECT_EQ(statistics.workers[k].outcomes[Outcome::dhcp_offered], own) << "worker " << k;
  }
  // The ring port has one receive queue: worker 0 saw them all first.
  EXPECT_EQ(statistics.workers[0].frames_received, 300u);
  EXPECT_EQ(statistics.workers[0].frames_steered,
            300u - statistics.workers[0].outcomes[Outcome::dhcp_offered]);
}

// Clients that read a file in windows of four, several at a time, all octets compared.
class Readers {
 public:
  Readers(Site& site, unsigned count, const char* file, const Octets& expected)
      : site_(site), expected_(expected), clients_(count) {
    for (unsigned n = 0; n < count; ++n) {
      site_.inject(read_request(n, port_of(n), file, {{"blksize", "1400"}, {"windowsize", "4"}}));
    }
  }

  // Answers what has come. True when all have the whole file.
  bool done() {
    for (const Octets& frame : site_.wire.collect()) answer(frame);
    return finished_ == clients_.size();
  }
  void expect_whole_files() const {
    for (const Client& client : clients_) EXPECT_EQ(client.bytes, expected_);
  }

 private:
  struct Client {
    Octets bytes;
    std::uint16_t block = 0;
    bool done = false;
  };
  static std::uint16_t port_of(unsigned n) { return static_cast<std::uint16_t>(20000 + n); }

  void answer(const Octets& frame) {
    const unsigned n = load_be16(&frame[36]) - 20000U;
    if (n >= clients_.size()) return;  // for somebody else
    const std::uint16_t tid = load_be16(&frame[34]);
    const Octets payload(frame.begin() + 42, frame.end());
    Client& client = clients_[n];
    if (load_be16(payload.data()) == 6) {  // OACK
      site_.inject(ack(n, port_of(n), tid, 0));
      return;
    }
    ASSERT_EQ(load_be16(payload.data()), 3u);
    if (client.done || load_be16(&payload[2]) != client.block + 1) return;
    ++client.block;
    // Short frames are padded; the IPv4 total length says where the payload ends.
    const std::size_t length = load_be16(&frame[16]) - 32U;
    client.bytes.insert(client.bytes.end(), payload.begin() + 4,
                        payload.begin() + 4 + static_cast<std::ptrdiff_t>(length));
    client.done = length < 1400;
    finished_ += client.done ? 1 : 0;
    if (client.done || client.block % 4 == 0) {
      site_.inject(ack(n, port_of(n), tid, client.block));
    }
  }

  Site& site_;
  const Octets& expected_;
  std::vector<Client> clients_;
  std::size_t finished_ = 0;
};

TEST_P(ByWorkers, FilesArriveWholeAndImagesAreLetGo) {
  Site site(shape());
  site.start();
  const Octets file = pattern(60001);
  Readers readers(site, 24, "undionly.kpxe", file);
  ASSERT_TRUE(Site::await([&] { return readers.done(); }));
  readers.expect_whole_files();
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::tftp_opened), 24u);
  EXPECT_EQ(site.count(Outcome::tftp_completed), 24u);
  const WorkerStatistics sum = site.workers->statistics().sum();
  EXPECT_GT(sum.payloads_gathered, 24u * 42);
  EXPECT_EQ(sum.transfers, 0u);

  // Nothing refers to the images any more once they have left the snapshot.
  const std::weak_ptr<const Image> watched = site.images[0];
  site.images.clear();
  site.workers->publish(site.snapshot(1));
  site.wire.collect();
  EXPECT_EQ(site.workers->retire(), 0u);
  EXPECT_TRUE(watched.expired());
}

TEST_P(ByWorkers, AThousandSnapshotsUnderTraffic) {
  Site site(shape());
  site.start();
  const Octets file = pattern(60001);
  Readers readers(site, 8, "undionly.kpxe", file);
  const auto kernel = site.images[0];
  bool whole = false;
  for (std::uint64_t version = 1; version <= 1000; ++version) {
    // Each has an image that the next one has not.
    site.images = {kernel, make_image("version-" + std::to_string(version), pattern(3000))};
    site.workers->publish(site.snapshot(version));
    if (version % 10 == 0) {
      site.inject(discover(static_cast<unsigned>(version)));
      site.inject(read_request(100, 9000, "version-" + std::to_string(version - 1)));
    }
    whole = whole || readers.done();
    site.workers->retire();
  }
  ASSERT_TRUE(whole || Site::await([&] { return readers.done(); }));
  readers.expect_whole_files();
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::tftp_file_not_found), 100u);
  site.wire.collect();
  EXPECT_TRUE(Site::await([&] { return site.workers->retire() == 0; }));
}

TEST_P(ByWorkers, AFullTransmitQueueLosesRepliesAndNothingElse) {
  Site::Shape tight = shape();
  tight.wire.transmit_room = 16;
  Site site(tight);
  site.start();
  for (unsigned i = 0; i < 500; ++i) site.inject(arp_request(i));
  ASSERT_TRUE(site.settle());
  const WorkerStatistics sum = site.workers->statistics().sum();
  EXPECT_EQ(sum.outcomes[Outcome::arp_answered], 500u);
  EXPECT_EQ(sum.frames_sent + sum.frames_unsent, 500u);
  EXPECT_EQ(site.wire.collect().size(), 16u);
}

TEST_P(ByWorkers, DryBuffersAreAnOutcomeAndPass) {
  Site::Shape wide = shape();
  wide.wire.transmit_room = 8192;
  Site site(wide);
  site.start();
  for (unsigned i = 0; i < 8000; ++i) site.inject(arp_request(i));
  ASSERT_TRUE(site.settle());
  const std::uint64_t answered = site.count(Outcome::arp_answered);
  const std::uint64_t shed = site.count(Outcome::reply_buffers_exhausted);
  EXPECT_EQ(answered + shed, 8000u);
  EXPECT_GT(shed, 0u);
  EXPECT_EQ(site.wire.collect().size(), answered);
  site.inject(arp_request());
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::arp_answered), answered + 1);
}

TEST(Workers, AFrameInSeveralSegmentsIsTooLong) {
  Site site;
  site.start();
  site.inject(discover(1), 0, 3);
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::frame_too_long), 1u);
}

TEST(Workers, ATagThatADeviceTookOutIsPutBack) {
  Site site([](Config& config) {
    config.interfaces[0].vlans = {{.id = 7, .address = *Ipv4Prefix::parse("10.78.0.1/16")}};
  });
  site.start();
  const Octets request = arp_request();
  ASSERT_TRUE(site.wire.inject_stripped(request, 7));
  ASSERT_TRUE(site.wire.inject_stripped(request, 8));
  site.injected = 2;
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::arp_answered), 1u);
  EXPECT_EQ(site.count(Outcome::vlan_not_configured), 1u);
  const auto replies = site.wire.collect();
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_EQ(load_be16(&replies[0][12]), 0x8100);
  EXPECT_EQ(load_be16(&replies[0][14]), 7);
}

TEST(Workers, AnswerOnThePortThatWasAsked) {
  RingPort second;
  Site site([&second](Config& config) {
    config.workers.count = 2;
    config.interfaces.push_back(second.config("10.78.0.1/16"));
  });
  ASSERT_EQ(site.workers->ports().size(), 2u);
  second.opened();
  site.start();
  for (unsigned i = 0; i < 30; ++i) {
    site.inject(arp_request(i));
    site.inject(discover(i));
  }
  for (unsigned i = 30; i < 50; ++i) ASSERT_TRUE(second.inject(discover(i)));
  site.injected += 20;
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.wire.collect().size(), 60u);
  EXPECT_EQ(second.collect().size(), 20u);
  site.workers.reset();  // before its ports
}

TEST(Workers, EachPollsAQueueOfItsOwnWhereThePortHasThem) {
  Site site({.workers = 2, .wire = {.receive_queues = 2, .transmit_queues = 2}});
  ASSERT_EQ(site.workers->ports().size(), 1u);
  EXPECT_EQ(site.workers->ports()[0].receive_queues, 2u);
  EXPECT_EQ(site.workers->ports()[0].transmit_queues, 2u);
  site.start();
  for (unsigned i = 0; i < 20; ++i) site.inject(arp_request(i), i % 2);
  ASSERT_TRUE(site.settle());
  const Statistics statistics = site.workers->statistics();
  EXPECT_EQ(statistics.workers[0].outcomes[Outcome::arp_answered], 10u);
  EXPECT_EQ(statistics.workers[1].outcomes[Outcome::arp_answered], 10u);
}

TEST(Workers, TellTheirEvents) {
  Site site;
  site.start();
  site.inject(discover(3));
  ASSERT_TRUE(site.settle());
  std::vector<Event> events;
  const auto offers = [&](const Event& event) {
    if (event.kind == EventKind::dhcp_offered) events.push_back(event);
  };
  EXPECT_GE(site.workers->drain_events(offers), 1u);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].client, client_mac(3));
  EXPECT_LE(events[0].at, site.workers->now());
  EXPECT_GT(events[0].at, site.workers->now() - 20s);
  EXPECT_EQ(site.workers->drain_events([](const Event&) {}), 0u);
}

TEST(Workers, EventsThatNobodyFetchesAreCounted) {
  Site site;
  site.start();
  // Each DISCOVER makes the same number of events.
  const auto serve = [&site](unsigned first, unsigned count) {
    for (unsigned i = 0; i < count; ++i) site.inject(discover(first + i));
    EXPECT_TRUE(site.settle());
    site.wire.collect();
  };
  serve(0, 1);
  const std::size_t for_each = site.workers->drain_events([](const Event&) {});
  ASSERT_GT(for_each, 0u);
  for (unsigned i = 0; i < 6; ++i) serve(1 + i * 1000, 1000);
  const std::uint64_t lost = site.workers->statistics().sum().events_lost;
  EXPECT_GT(lost, 0u);
  std::size_t told = 0;
  while (const auto more = site.workers->drain_events([](const Event&) {}, 1000)) told += more;
  EXPECT_EQ(told + lost, 6000 * for_each);
}

TEST(Workers, StoppedInTheMiddleOfWorkServeWhatTheyTook) {
  Site site({.workers = 4, .wire = {}});
  const std::size_t buffers = site.wire.free_buffers();
  site.start();
  for (unsigned i = 0; i < 3000; ++i) site.inject(discover(i));
  site.workers->stop();
  const WorkerStatistics sum = site.workers->statistics().sum();
  EXPECT_EQ(sum.outcomes.total(), sum.frames_received);
  EXPECT_EQ(sum.frames_received + site.wire.waiting(), 3000u);
  EXPECT_EQ(site.wire.collect().size(), sum.frames_sent);
  site.workers.reset();
  site.wire.collect();
  EXPECT_EQ(site.wire.free_buffers() + site.wire.waiting(), buffers);
}

TEST(Workers, MoreThanDpdkHasAreRefused) {
  RingPort wire;
  Config config;
  config.interfaces = {wire.config()};
  config.workers.count = 5;
  const auto opened = Workers::open(test_eal(), config, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), "workers: 5 asked for, DPDK has 4");
}

TEST(Workers, WithoutATimestampNothingIsReplayed) {
  RingPort wire;
  Config config;
  config.interfaces = {wire.config()};
  auto opened = Workers::open(test_eal(), config, {.frame_clock = true});
  ASSERT_TRUE(opened) << opened.error();
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->stations = (*opened)->stations();
  snapshot->config = std::make_shared<const Config>(config);
  const auto started = (*opened)->start(std::move(snapshot));
  ASSERT_FALSE(started);
  EXPECT_NE(started.error().find("only net_pcap can be replayed"), std::string::npos);
}

}  // namespace
}  // namespace reveille
