// Up to 64 steps of a few clients with one TFTP engine: requests, ACKs near and far from the
// right one, any octets, strangers, lost reply buffers, and time. After each step the server
// has sent nothing that it must not send, and at the end every transfer comes to its end.
//
// A step in the input: an octet that chooses the client (two bits) and what it does, then
// whatever that needs. What an input lacks counts as zero.
#include <algorithm>
#include <array>

#include <reveille/wire/tftp.h>

#include "fuzz/require.h"
#include "image/catalogue.h"
#include "image/memory_image.h"
#include "packet/known_clients.h"
#include "packet/snapshot.h"
#include "tftp/engine.h"

namespace reveille {
namespace {

constexpr int kStepsMax = 64;
constexpr std::size_t kClients = 4;
constexpr std::size_t kHeaders = 42;
constexpr Share kShare{1, 32};  // few slots: an engine is made for each input
constexpr Nanoseconds kTimes[8] = {0ns, 1us, 150us, 3ms, 12ms, 300ms, 2s, 70s};

// Reads the input; past its end there are zeros.
class Input {
 public:
  explicit Input(Bytes rest) : rest_(rest) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t octet() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  std::uint16_t number() { return static_cast<std::uint16_t>(octet() << 8 | octet()); }
  Bytes octets(std::size_t count) {
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes rest_;
};

std::vector<std::uint8_t> contents(std::size_t size) {
  std::vector<std::uint8_t> bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return bytes;
}

struct World {
  std::vector<std::shared_ptr<const Image>> images{
      test::make_image("empty", {}), test::make_image("small", contents(700)),
      test::make_image("exact", contents(8 * 512)), test::make_image("large", contents(700'000))};
  Snapshot snapshot;

  World() {
    Station plain;
    plain.mac = {{2, 0, 0, 0, 0, 1}};
    plain.address = {Ipv4Address::of(10, 77, 0, 1), 16};
    plain.mtu = 1400;
    snapshot.stations = {plain};
    snapshot.catalogue = std::make_shared<Catalogue>(images, Catalogue::Options{});
  }
};

struct FuzzedClient {
  Request address;
  std::uint16_t transfer_id = 5000;  // the last that the server spoke from
  std::uint16_t block = 0;           // the last DATA that it sent
};

class Conversation {
 public:
  Conversation() : engine_(limits(), kShare, 1, known_), heads_(2 * kRepliesPerRequest) {
    for (std::size_t i = 0; i < kClients; ++i) {
      Request& request = clients_[i].address;
      request.link_source = {{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(i)}};
      // Two machines, two ports each: wrong ports and wrong hosts both occur.
      request.source = Ipv4Address::of(10, 77, 1, static_cast<std::uint8_t>(i / 2));
      request.source_port = static_cast<std::uint16_t>(2070 + i % 2);
      request.destination = Ipv4Address::of(10, 77, 0, 1);
    }
  }

  void step(Input& input) {
    const std::uint8_t choice = input.octet();
    FuzzedClient& client = clients_[choice % kClients];
    switch ((choice >> 2) % 8) {
      case 0:
        return ask(client, input);
      case 1:
        return say(client, wire::kTftpPort, input.octets(input.octet()));
      case 2:
        return acknowledge(client, client.block);
      case 3: {
        const auto offset = static_cast<std::int8_t>(input.octet());
        return acknowledge(client, static_cast<std::uint16_t>(client.block + offset));
      }
      case 4:
        return acknowledge(client, input.number());
      case 5:
        return say(client, client.transfer_id, input.octets(input.octet()));
      case 6:
        return say(client, input.number(), input.octets(input.octet() % 8));
      case 7:
        replies_at_hand_ = input.octet() % (2 * kRepliesPerRequest + 1);
        return;
    }
  }
  void pass(Nanoseconds time) {
    now_ += time;
    call([&](const Context& context) {
      engine_.tick(context);
      return Outcome::tftp_acked;
    });
  }

  // All fall silent: everything ends, and the images are free.
  void end() {
    replies_at_hand_ = 2 * kRepliesPerRequest;
    // One try each; 255 of them with the shortest timeout that a client may ask for.
    for (int i = 0; i < 300 && engine_.transfers() > 0; ++i) pass(20s);
    require(engine_.transfers() == 0 && engine_.half_open() == 0);
    for (const auto& image : world().images) require(image->unread());
  }

 private:
  static World& world() {
    static World instance;
    return instance;
  }
  static TftpConfig limits() {
    TftpConfig config;
    config.transfers_max = 3 * kShare.count;
    config.half_open_max = 2 * kShare.count;
    config.errors_per_second = 20;
    return config;
  }

  void ask(FuzzedClient& client, Input& input) {
    static constexpr const char* kNames[] = {"empty",   "small",   "exact",   "large",
                                             "\\large", "nothing", "./small", "../small"};
    static constexpr const char* kValues[] = {"0", "1",    "8",     "64",  "512",
                                              "9", "1432", "65464", "255", "50000"};
    static constexpr const char* kOptions[] = {"blksize",    "tsize",   "timeout", "utimeout",
                                               "windowsize", "BLKSIZE", "x",       "windowsize"};
    const std::uint8_t what = input.octet();
    std::array<wire::TftpOption, 7> options;
    const std::size_t count = (what >> 3) % 8;
    for (std::size_t i = 0; i < count; ++i) {
      const std::uint8_t option = input.octet();
      options[i] = {kOptions[option % 8], kValues[(option >> 3) % 10]};
    }
    std::array<std::uint8_t, 400> packet;
    const std::size_t length = wire::write_tftp_read_request(
        packet, kNames[what % 8], (what & 0x40) != 0 ? "netascii" : "octet",
        std::span{options}.first(count));
    say(client, wire::kTftpPort, Bytes{packet}.first(length));
  }

  void acknowledge(FuzzedClient& client, std::uint16_t block) {
    std::array<std::uint8_t, 4> packet;
    wire::write_tftp_ack(packet, block);
    say(client, client.transfer_id, packet);
  }

  void say(FuzzedClient& client, std::uint16_t port, Bytes payload) {
    // A copy of exact size: every read past its end shows.
    const std::vector<std::uint8_t> body(payload.begin(), payload.end());
    Request request = client.address;
    request.service = port == wire::kTftpPort ? Service::tftp_open : Service::tftp_transfer;
    request.destination_port = port;
    request.body = body;
    call([&](const Context& context) {
      engine_.prefetch(request);
      engine_.prefetch_payload(request);
      return engine_.handle(request, context);
    });
  }

  template <class Call>
  void call(Call&& engine_call) {
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i] = {.head = heads_[i].data(), .capacity = 1522};
    }
    Replies replies(std::span<Reply>(slots_).first(replies_at_hand_));
    std::array<Event, 3> event_room;
    Events events(event_room);
    Outbox outbox({});
    const Context context{now_, world().snapshot, replies, events, outbox, links_};
    const std::size_t open_before = engine_.transfers();
    const Outcome outcome = engine_call(context);
    require((info(outcome).verdict == Verdict::answered) == !replies.all().empty() ||
            outcome == Outcome::tftp_acked);  // a tick
    require(engine_.transfers() <= 3 && engine_.half_open() <= 2);
    require(engine_.half_open() <= engine_.transfers());
    require(engine_.transfers() <= open_before + 1);
    std::size_t held = 0;
    for (const auto& image : world().images) held += image->hold(kShare.index).transfers;
    require(held == engine_.transfers());
    for (const Reply& reply : replies.all()) hear(reply);
  }

  void hear(const Reply& reply) {
    require(reply.length >= kHeaders + 4);
    const std::size_t total = reply.length - 14UL + reply.payload.length;
    require(total <= 1400);
    require(load_be16(reply.head + 16) == total);
    require(load_be16(reply.head + 38) == total - 20);
    const Ipv4Address to = Ipv4Address::from(reply.head + 30);
    const std::uint16_t to_port = load_be16(reply.head + 36);
    for (FuzzedClient& client : clients_) {
      if (client.address.source != to || client.address.source_port != to_port) continue;
      const Bytes packet{reply.head + kHeaders, reply.length - kHeaders};
      switch (static_cast<wire::TftpOpcode>(load_be16(packet.data()))) {
        case wire::TftpOpcode::data:
          client.block = load_be16(&packet[2]);
          if (reply.payload.length > 0) require_inside(reply.payload);
          [[fallthrough]];
        case wire::TftpOpcode::option_acknowledgment:
          client.transfer_id = load_be16(reply.head + 34);
          break;
        default:
          require(load_be16(packet.data()) == 5 && packet.back() == 0);
      }
      return;
    }
    require(false);  // spoke to nobody
  }
  static void require_inside(const Payload& payload) {
    require(std::ranges::any_of(world().images, [&](const auto& image) {
      const Bytes bytes = image->bytes();
      return payload.image == image.get() && payload.bytes >= bytes.data() &&
             payload.bytes + payload.length <= bytes.data() + bytes.size();
    }));
  }

  KnownClients known_{4, 1};
  TftpEngine engine_;
  std::array<FuzzedClient, kClients> clients_;
  std::vector<std::array<std::uint8_t, 1522>> heads_;
  std::array<Reply, 2 * kRepliesPerRequest> slots_;
  std::size_t replies_at_hand_ = 2 * kRepliesPerRequest;
  LinkState links_;
  Instant now_ = Instant{} + 1000s;
};

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reveille::Conversation conversation;
  reveille::Input input({data, size});
  for (int step = 0; step < reveille::kStepsMax && !input.empty(); ++step) {
    conversation.step(input);
    conversation.pass(reveille::kTimes[input.octet() % 8]);
  }
  conversation.end();
  return 0;
}
