// Five hundred machines of all kinds at once, over links of all kinds: everybody gets every
// byte, nobody waits for ever, and the server does not send more than it has to.
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <unordered_map>

#include <gtest/gtest.h>

#include "packet/classify.h"
#include "packet/frame_writer.h"
#include "packet/known_clients.h"
#include "sim/tftp_client.h"
#include "tftp/engine.h"

namespace reveille::sim {
namespace {

constexpr std::size_t kMachines = 500;
constexpr MacAddress kServerMac{{0x02, 0, 0, 0, 0, 0x01}};
constexpr Ipv4Address kServerAddress = Ipv4Address::of(10, 77, 0, 1);
constexpr Ipv4Address kFirstMachine = Ipv4Address::of(10, 77, 1, 0);
constexpr std::uint16_t kPort = 2070;

Octets frame_of(std::uint32_t machine, std::uint16_t port, std::uint16_t to_port,
                const Octets& payload) {
  Station sender;
  sender.mac = {{0x52, 0x54, 0, 0, static_cast<std::uint8_t>(machine >> 8),
                 static_cast<std::uint8_t>(machine)}};
  sender.address = {{kFirstMachine.value + machine}, 16};
  const std::size_t headers = udp_headers_length(sender);
  Octets frame(headers + payload.size());
  std::ranges::copy(payload, frame.begin() + static_cast<std::ptrdiff_t>(headers));
  write_udp_headers(frame.data(), sender, port, {kServerMac, kServerAddress, to_port},
                    payload.size(), test::plain_sum(0, payload));
  return frame;
}

// The server side: classify and the engine, as the worker drives them.
class ServerNode {
 public:
  using Deliver = std::function<void(Datagram)>;

  ServerNode(Simulation& simulation, TftpConfig config, std::uint64_t seed, Deliver deliver)
      : simulation_(simulation),
        engine_(config, Share{}, seed, clients_),
        deliver_(std::move(deliver)) {
    Station station;
    station.mac = kServerMac;
    station.address = {kServerAddress, 16};
    snapshot_.stations = {station};
    heads_.resize(4 * kRepliesPerRequest, Octets(2048));
    tick();
  }
  void serve(std::vector<std::shared_ptr<const Image>> images) {
    snapshot_.catalogue = std::make_shared<Catalogue>(std::move(images), Catalogue::Options{});
  }

  void receive(const Octets& frame) {
    const auto request = classify(frame, FrameInfo{}, snapshot_);
    if (!request) {
      outcomes_.add(request.refusal());
      return;
    }
    call([&](const Context& context) { outcomes_.add(engine_.handle(*request, context)); });
  }

  [[nodiscard]] const TftpEngine& engine() const { return engine_; }
  [[nodiscard]] const OutcomeCounts& outcomes() const { return outcomes_; }
  // DATA packets for each client port and address.
  [[nodiscard]] std::uint64_t data_sent_to(Ipv4Address address) const {
    const auto found = data_sent_.find(address.value);
    return found == data_sent_.end() ? 0 : found->second;
  }
  [[nodiscard]] std::size_t half_open_most() const { return half_open_most_; }

 private:
  void tick() {
    call([&](const Context& context) { engine_.tick(context); });
    simulation_.after(5ms, [this] { tick(); });
  }

  template <class Call>
  void call(Call&& engine_call) {
    std::vector<Reply> slots(heads_.size());
    for (std::size_t i = 0; i < slots.size(); ++i) slots[i] = {heads_[i].data(), 2048};
    Replies replies(slots);
    std::array<Event, 16> event_room;
    Events events(event_room);
    Outbox outbox({});
    engine_call(Context{simulation_.now(), snapshot_, replies, events, outbox, links_});
    half_open_most_ = std::max(half_open_most_, engine_.half_open());
    for (const Reply& reply : replies.all()) {
      Datagram datagram = test::take_apart(reply, snapshot_);
      if (datagram.opcode() == wire::TftpOpcode::data) ++data_sent_[datagram.to.value];
      deliver_(std::move(datagram));
    }
  }

  Simulation& simulation_;
  Snapshot snapshot_;
  KnownClients clients_{1, 1};
  TftpEngine engine_;
  Deliver deliver_;
  std::vector<Octets> heads_;
  OutcomeCounts outcomes_;
  LinkState links_;
  std::unordered_map<std::uint32_t, std::uint64_t> data_sent_;
  std::size_t half_open_most_ = 0;
};

struct Row {
  std::vector<Nanoseconds> times;    // from power-on
  std::vector<Nanoseconds> reading;  // from the first answer
  std::uint64_t blocks = 0;          // that were needed
  std::uint64_t sent = 0;            // DATA packets
  int failures = 0;                  // attempts that ended badly
};

class Storm {
 public:
  Storm(std::uint64_t seed, LinkQuality quality, TftpConfig config = {})
      : simulation_(seed),
        to_server_(simulation_, quality),
        to_clients_(simulation_, quality),
        server_(simulation_, config, seed, [this](Datagram datagram) { arrive(datagram); }) {
    std::vector<std::shared_ptr<const Image>> images;
    for (std::uint32_t i = 0; i < 8; ++i) {
      // One of them ends on a block border of several block sizes, one is empty.
      const std::size_t sizes[] = {120'000, 90'001,    65'536 * 2, 1432 * 90,
                                   0,       512 * 100, 77,         1468 * 70};
      files_.push_back(test::pattern(sizes[i], i));
      images.push_back(test::make_image("image" + std::to_string(i), files_.back()));
      Octets text = files_.back();
      for (std::uint8_t& octet : text) octet = octet % 16 == 3 ? '\n' : octet == '\r' ? 'r' : octet;
      texts_.push_back(text);
      images.push_back(test::make_image("text" + std::to_string(i), text));
    }
    images_ = images;
    server_.serve(images);
    for (std::uint32_t i = 0; i < kMachines; ++i) add_machine(i);
  }

  // Requests from addresses that nobody has, `per_second` of them.
  void forge(std::uint64_t per_second) {
    const auto machine = static_cast<std::uint32_t>(10'000 + simulation_.below(40'000));
    Octets packet(100);
    packet.resize(wire::write_tftp_read_request(packet, "image0", "octet", {}));
    server_.receive(frame_of(machine, static_cast<std::uint16_t>(1 + simulation_.below(65'535)),
                             wire::kTftpPort, packet));
    simulation_.after(Nanoseconds{1s} / static_cast<std::int64_t>(per_second),
                      [this, per_second] { forge(per_second); });
  }

  void run() {
    simulation_.run(Instant{} + 600s, [this] {
      return std::ranges::all_of(clients_, [](const auto& c) { return c->finished(); });
    });
  }
  void let_time_pass(Nanoseconds time) {
    simulation_.run(simulation_.now() + time, [] { return false; });
  }

  void everybody_has_every_byte() const {
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      const TftpClient& client = *clients_[i];
      ASSERT_EQ(client.state(), TftpClient::State::done)
          << client.behaviour().name << ", machine " << i << ", block " << client.blocks();
      if (client.behaviour().netascii) {
        ASSERT_EQ(from_netascii(client.file()), texts_[i % 8]) << "machine " << i;
      } else {
        ASSERT_EQ(client.file(), files_[i % 8]) << client.behaviour().name << ", machine " << i;
      }
    }
  }

  [[nodiscard]] std::map<std::string, Row> rows() const {
    std::map<std::string, Row> all;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      Row& row = all[clients_[i]->behaviour().name];
      // Small files say little about time.
      if (files_[i % 8].size() > 50'000) {
        row.times.push_back(clients_[i]->elapsed());
        row.reading.push_back(clients_[i]->reading());
      }
      row.blocks += clients_[i]->blocks();
      row.failures += clients_[i]->attempts() - 1;
      row.sent += server_.data_sent_to({kFirstMachine.value + static_cast<std::uint32_t>(i)});
    }
    for (auto& [name, row] : all) {
      std::ranges::sort(row.times);
      std::ranges::sort(row.reading);
    }
    return all;
  }

  [[nodiscard]] const ServerNode& server() const { return server_; }
  [[nodiscard]] bool images_unread() const {
    return std::ranges::all_of(images_, [](const auto& image) { return image->unread(); });
  }
  [[nodiscard]] Instant now() const { return simulation_.now(); }

 private:
  static Octets from_netascii(const Octets& stream) {
    Octets file;
    for (std::size_t i = 0; i < stream.size(); ++i) {
      if (stream[i] == '\r' && i + 1 < stream.size()) ++i;
      file.push_back(stream[i] == '\0' && stream[i - 1] == '\r' ? std::uint8_t{'\r'} : stream[i]);
    }
    return file;
  }

  void add_machine(std::uint32_t i) {
    // Kinds and files in all combinations.
    const Behaviour& behaviour = behaviours()[(i / 8 + i) % behaviours().size()];
    clients_.push_back(std::make_unique<TftpClient>(
        simulation_, behaviour, kPort, [this, i](Octets payload, std::uint16_t to_port) {
          const Octets frame = frame_of(i, clients_[i]->port(), to_port, payload);
          to_server_.carry([this, frame] { server_.receive(frame); });
        }));
    const char* const kind = behaviour.netascii ? "text" : "image";
    simulation_.after(Nanoseconds{static_cast<std::int64_t>(simulation_.below(1'000'000'000))},
                      [this, i, kind] { clients_[i]->start(kind + std::to_string(i % 8)); });
  }

  void arrive(const Datagram& datagram) {
    const std::uint32_t machine = datagram.to.value - kFirstMachine.value;
    if (machine >= clients_.size()) return;  // whose address was forged
    to_clients_.carry([this, machine, datagram] {
      if (clients_[machine]->port() == datagram.to_port) clients_[machine]->receive(datagram);
    });
  }

  Simulation simulation_;
  Link to_server_;
  Link to_clients_;
  std::vector<std::shared_ptr<const Image>> images_;
  std::vector<Octets> files_;
  std::vector<Octets> texts_;
  ServerNode server_;
  std::vector<std::unique_ptr<TftpClient>> clients_;
};

double seconds(Nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

void print(const char* title, const std::map<std::string, Row>& rows) {
  std::printf("%-28s %9s %9s %9s %9s %9s %14s %9s\n", title, "median s", "slowest s", "reading s",
              "slowest s", "blocks", "sent per block", "failures");
  for (const auto& [name, row] : rows) {
    std::printf("  %-26s %9.2f %9.2f %9.2f %9.2f %9llu %14.2f %9d\n", name.c_str(),
                seconds(row.times[row.times.size() / 2]), seconds(row.times.back()),
                seconds(row.reading[row.reading.size() / 2]), seconds(row.reading.back()),
                static_cast<unsigned long long>(row.blocks),
                static_cast<double>(row.sent) / static_cast<double>(row.blocks), row.failures);
  }
}

TEST(TftpStorm, OnACleanLinkEachBlockTravelsOnce) {
  Storm storm(1, {});
  storm.run();
  storm.everybody_has_every_byte();
  const auto rows = storm.rows();
  print("no loss", rows);
  for (const auto& [name, row] : rows) {
    EXPECT_EQ(row.sent, row.blocks) << name;
    EXPECT_LT(seconds(row.times.back()), 1.0) << name;
    EXPECT_EQ(row.failures, 0) << name;
  }
  storm.let_time_pass(1s);
  EXPECT_EQ(storm.server().engine().transfers(), 0U);
}

// Copies and overtaking alone: the Sorcerer's Apprentice would double everything.
TEST(TftpStorm, CopiedAndReorderedFramesMultiplyNothing) {
  Storm storm(2, {.copies = 0.2, .late = 0.1});
  storm.run();
  storm.everybody_has_every_byte();
  const auto rows = storm.rows();
  print("20 % copied, 10 % late", rows);
  for (const auto& [name, row] : rows) {
    const bool windows = name == "EDK2" || name == "atftp";
    // In a window, a block that is overtaken looks lost, and goes back to its place.
    EXPECT_LT(static_cast<double>(row.sent),
              static_cast<double>(row.blocks) * (windows ? 3.0 : 1.1))
        << name;
  }
}

class LossyStorm : public testing::TestWithParam<std::pair<int, double>> {};

TEST_P(LossyStorm, EverybodyBoots) {
  const auto& [seed, loss] = GetParam();
  Storm storm(static_cast<std::uint64_t>(seed), {.loss = loss, .copies = 0.02, .late = 0.05});
  storm.run();
  storm.everybody_has_every_byte();
  const auto rows = storm.rows();
  print((std::to_string(static_cast<int>(loss * 100)) + " % lost each way, seed " +
         std::to_string(seed))
            .c_str(),
        rows);
  for (const auto& [name, row] : rows) {
    // Fairness: once it is being served, no machine is left far behind its equals (the capture
    // effect), however unlucky.
    EXPECT_LT(row.reading.back(), 6 * row.reading[row.reading.size() / 2] + 45s) << name;
    EXPECT_LT(row.sent, row.blocks * 6) << name;
  }
  // What is still open belongs to clients whose last ACK was lost; it ends by itself.
  storm.let_time_pass(90s);
  EXPECT_EQ(storm.server().engine().transfers(), 0U);
  EXPECT_TRUE(storm.images_unread());
}

INSTANTIATE_TEST_SUITE_P(Seeds, LossyStorm,
                         testing::Values(std::pair{1, 0.05}, std::pair{1, 0.2}, std::pair{2, 0.2},
                                         std::pair{3, 0.2}));

TEST(TftpStorm, ForgedRequestsStarveNobody) {
  TftpConfig config;
  config.half_open_max = 256;
  config.transfers_max = 1024;
  Storm storm(5, {.loss = 0.02}, config);
  storm.forge(5'000);
  storm.run();
  storm.everybody_has_every_byte();
  const auto rows = storm.rows();
  print("5 000 forged requests/s", rows);
  // Whose first ACK is lost is pushed out with the forged ones, and asks again.
  int failures = 0;
  for (const auto& [name, row] : rows) failures += row.failures;
  EXPECT_LT(failures, 25);
  EXPECT_LE(storm.server().half_open_most(), 256U);
  EXPECT_GT(storm.server().outcomes()[Outcome::tftp_opened], 5'000U);
  EXPECT_EQ(storm.server().outcomes()[Outcome::tftp_table_full], 0U);
}

TEST(TftpStorm, TheSameSeedIsTheSameRun) {
  const auto run = [] {
    Storm storm(9, {.loss = 0.1, .copies = 0.05, .late = 0.05});
    storm.run();
    return std::pair{storm.now(), storm.server().outcomes().total()};
  };
  EXPECT_EQ(run(), run());
}

}  // namespace
}  // namespace reveille::sim
