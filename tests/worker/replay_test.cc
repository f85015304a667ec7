// A capture through the same workers: net_pcap on both sides, time from the frames.
#include <filesystem>
#include <fstream>
#include <set>
#include <unistd.h>

#include <gtest/gtest.h>

#include "worker/admission.h"
#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

struct Recorded {
  Nanoseconds at{};  // of the epoch
  Octets frame;
};

// The classic file format of libpcap: microseconds, Ethernet.
void write_capture(const std::filesystem::path& path, const std::vector<Recorded>& frames) {
  std::ofstream file(path, std::ios::binary);
  const auto put = [&file](std::initializer_list<std::uint32_t> words) {
    for (const std::uint32_t word : words) {
      file.write(reinterpret_cast<const char*>(&word), sizeof word);
    }
  };
  put({0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1});
  for (const Recorded& recorded : frames) {
    const auto length = static_cast<std::uint32_t>(recorded.frame.size());
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(recorded.at).count();
    put({static_cast<std::uint32_t>(us / 1000000), static_cast<std::uint32_t>(us % 1000000), length,
         length});
    file.write(reinterpret_cast<const char*>(recorded.frame.data()), length);
  }
}

std::vector<Octets> read_capture(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  file.seekg(24);
  std::vector<Octets> frames;
  std::uint32_t header[4];
  while (file.read(reinterpret_cast<char*>(header), sizeof header)) {
    Octets frame(header[2]);
    file.read(reinterpret_cast<char*>(frame.data()), header[2]);
    frames.push_back(std::move(frame));
  }
  return frames;
}

struct Replayed {
  std::vector<Octets> replies;
  std::vector<Event> events;
  WorkerStatistics sum;
};

class Replay : public testing::TestWithParam<std::uint16_t> {
 protected:
  void SetUp() override { std::filesystem::create_directories(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  Replayed replay(const std::vector<Recorded>& frames) {
    write_capture(folder_ / "in.pcap", frames);
    Config config;
    InterfaceConfig interface;
    interface.vdev = "net_pcap0,rx_pcap=" + (folder_ / "in.pcap").string() +
                     ",tx_pcap=" + (folder_ / "out.pcap").string();
    interface.address = Ipv4Prefix::parse("10.78.0.1/16");
    config.interfaces = {interface};
    SubnetConfig subnet;
    subnet.prefix = *Ipv4Prefix::parse("10.78.0.0/16");
    subnet.pools = {{Ipv4Address::of(10, 78, 1, 0), Ipv4Address::of(10, 78, 200, 255)}};
    config.subnets = {subnet};
    config.workers.count = GetParam();
    config.dhcp.detect_conflicts = false;  // as replay has it: a capture answers no probe
    auto opened = Workers::open(test_eal(), config, {.frame_clock = true, .seed = 1});
    EXPECT_TRUE(opened) << opened.error();
    Workers& workers = **opened;
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->stations = workers.stations();
    for (std::size_t i = 0; i < snapshot->stations.size(); ++i) {
      snapshot->stations[i].mac = kServerMac;
      snapshot->stations[i].link_local = Ipv6Address::link_local(kServerMac);
    }
    snapshot->config = std::make_shared<const Config>(config);
    snapshot->subnets = std::make_shared<const Subnets>(config);
    snapshot->catalogue = std::make_shared<const Catalogue>(
        std::vector{make_image("hello.ipxe", pattern(700))}, Catalogue::Options{});
    snapshot->policy = std::make_shared<const BootPolicy>(config, *snapshot->catalogue);
    const auto started = workers.start(std::move(snapshot));
    EXPECT_TRUE(started) << started.error();
    EXPECT_TRUE(Site::await([&] { return workers.exhausted(); }));
    workers.stop();
    Replayed replayed;
    replayed.sum = workers.statistics().sum();
    workers.drain_events([&](const Event& event) { replayed.events.push_back(event); });
    opened->reset();  // closes the capture of the replies
    replayed.replies = read_capture(folder_ / "out.pcap");
    return replayed;
  }

  std::filesystem::path folder_ =
      std::filesystem::temp_directory_path() / ("reveille-replay-" + std::to_string(getpid()));
};
INSTANTIATE_TEST_SUITE_P(Workers, Replay, testing::Values(1, 3));

constexpr Nanoseconds kEpoch = 1700000000s;

TEST_P(Replay, AnswersEveryFrameAndEnds) {
  std::vector<Recorded> frames;
  for (unsigned i = 0; i < 200; ++i) frames.push_back({kEpoch + i * 10ms, discover(i)});
  frames.push_back({kEpoch + 3s, captured("ipxe_arp_request")});
  const Replayed replayed = replay(frames);
  EXPECT_EQ(replayed.sum.frames_received, 201u);
  EXPECT_EQ(replayed.sum.outcomes.total(), 201u);
  EXPECT_EQ(replayed.sum.outcomes[Outcome::dhcp_offered], 200u);
  EXPECT_EQ(replayed.sum.outcomes[Outcome::arp_answered], 1u);
  EXPECT_EQ(replayed.replies.size(), 201u);
}

// Every look at a capture finds a frame, and that is no overload.
TEST_P(Replay, AnswersEveryDiscoverOfALongCapture) {
  constexpr unsigned kMachines = 4 * Admission::kWindow;
  std::vector<Recorded> frames;
  for (unsigned i = 0; i < kMachines; ++i) frames.push_back({kEpoch + i * 10ms, discover(i)});
  const Replayed replayed = replay(frames);
  EXPECT_EQ(replayed.sum.outcomes[Outcome::dhcp_gave_way], 0U);
  // A worker that does not run for a moment has room for so many frames from each other one.
  if (GetParam() == 1) {
    EXPECT_EQ(replayed.sum.outcomes[Outcome::dhcp_offered], kMachines);
  }
}

TEST_P(Replay, HappensWhenTheFramesWereCaptured) {
  std::vector<Recorded> frames;
  for (unsigned i = 0; i < 50; ++i) frames.push_back({kEpoch + i * 1234567us, discover(i)});
  Replayed replayed = replay(frames);
  std::erase_if(replayed.events, [](const Event& e) { return e.kind != EventKind::dhcp_offered; });
  ASSERT_EQ(replayed.events.size(), 50u);
  for (const Event& event : replayed.events) {
    const unsigned client = static_cast<unsigned>(event.client.number() & 0xffffff);
    EXPECT_EQ(event.at.time_since_epoch(), kEpoch + client * 1234567us);
  }
}

TEST_P(Replay, IsTheSameEachTime) {
  std::vector<Recorded> frames;
  for (unsigned i = 0; i < 50; ++i) {
    frames.push_back({kEpoch + i * 100ms, discover(i)});
    frames.push_back({kEpoch + i * 100ms + 1ms, arp_request(i)});
  }
  frames.push_back({kEpoch + 6s, captured("ipxe_rrq")});
  // Several workers: the same replies, though not in the same order.
  const auto replies = [&] {
    std::multiset<std::string> sorted;
    for (const Octets& reply : replay(frames).replies) sorted.emplace(reply.begin(), reply.end());
    return sorted;
  };
  const auto first = replies();
  EXPECT_EQ(first.size(), 101u);
  EXPECT_EQ(first, replies());
}

// A file that was never closed: the last frame is cut.
TEST_P(Replay, ACaptureThatIsCutOffEndsWhereItEnds) {
  write_capture(folder_ / "whole.pcap", {{kEpoch, discover(1)}, {kEpoch + 1s, discover(2)}});
  const auto size = std::filesystem::file_size(folder_ / "whole.pcap");
  std::filesystem::resize_file(folder_ / "whole.pcap", size - 100);
  InterfaceConfig interface;
  interface.vdev = "net_pcap0,rx_pcap=" + (folder_ / "whole.pcap").string();
  interface.address = Ipv4Prefix::parse("10.78.0.1/16");
  Config config;
  config.interfaces = {interface};
  config.workers.count = GetParam();
  auto opened = Workers::open(test_eal(), config, {.frame_clock = true});
  ASSERT_TRUE(opened) << opened.error();
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->stations = (*opened)->stations();
  snapshot->config = std::make_shared<const Config>(config);
  snapshot->subnets = std::make_shared<const Subnets>(config);
  snapshot->catalogue = std::make_shared<const Catalogue>();
  snapshot->policy = std::make_shared<const BootPolicy>(config, *snapshot->catalogue);
  const auto started = (*opened)->start(std::move(snapshot));
  ASSERT_TRUE(started) << started.error();
  EXPECT_TRUE(Site::await([&] {
    return (*opened)->exhausted() && (*opened)->statistics().sum().frames_received == 1;
  }));
}

}  // namespace
}  // namespace reveille
