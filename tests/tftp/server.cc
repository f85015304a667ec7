#include "tftp/server.h"

namespace reveille::test {
namespace {

constexpr Nanoseconds kTickSpacing = 1ms;
constexpr std::uint8_t kUnwritten = 0xa5;

}  // namespace

Datagram take_apart(const Reply& reply, const Snapshot& snapshot) {
  Octets frame(reply.head, reply.head + reply.length);
  frame.insert(frame.end(), reply.payload.bytes, reply.payload.bytes + reply.payload.length);
  const Station& station = snapshot.stations.at(reply.station);
  Datagram datagram;
  datagram.to_mac = MacAddress::from(frame.data());
  EXPECT_EQ(MacAddress::from(&frame[6]), station.mac);
  const std::uint8_t* at = &frame[12];
  if (load_be16(at) == 0x8100) {
    datagram.vlan = load_be16(at + 2) & 0xfff;
    at += 4;
  }
  EXPECT_EQ(datagram.vlan, station.vlan);
  EXPECT_EQ(load_be16(at), 0x0800);
  at += 2;
  EXPECT_EQ(*at, 0x45);
  const std::uint16_t total = load_be16(at + 2);
  const auto left = static_cast<std::size_t>(frame.data() + frame.size() - at);
  EXPECT_EQ(total, left) << "IPv4 total length";
  EXPECT_LE(total, station.mtu);
  EXPECT_EQ(plain_sum(0, {at, 20}), 0xffff) << "IPv4 checksum";
  EXPECT_EQ(at[9], 17);
  datagram.from = Ipv4Address::from(at + 12);
  datagram.to = Ipv4Address::from(at + 16);
  EXPECT_EQ(datagram.from, station.address.address);
  const std::uint16_t pseudo = plain_sum(17 + (left - 20), {at + 12, 8});
  at += 20;
  datagram.from_port = load_be16(at);
  datagram.to_port = load_be16(at + 2);
  EXPECT_EQ(load_be16(at + 4), left - 20) << "UDP length";
  EXPECT_NE(load_be16(at + 6), 0) << "UDP checksum left out";
  EXPECT_EQ(plain_sum(pseudo, {at, left - 20}), 0xffff) << "UDP checksum";
  datagram.payload.assign(at + 8, static_cast<const std::uint8_t*>(frame.data() + frame.size()));
  return datagram;
}

Server::Server(TftpConfig config, Share share, std::uint64_t seed) : share_(share) {
  Station station;
  station.mac = kMac;
  station.address = {kAddress, 16};
  snapshot.stations = {station};
  catalogue_ = std::make_shared<Catalogue>();
  snapshot.catalogue = catalogue_;
  engine = std::make_unique<TftpEngine>(config, share, seed, clients);
  heads_.resize(replies_at_hand_, Octets(2048, kUnwritten));
  slots_.resize(replies_at_hand_);
}

void Server::serve(std::shared_ptr<const Image> image) {
  images_.push_back(std::move(image));
  // The first of a name wins: the newest.
  catalogue_ = std::make_shared<Catalogue>(
      std::vector<std::shared_ptr<const Image>>{images_.rbegin(), images_.rend()},
      Catalogue::Options{});
  snapshot.catalogue = catalogue_;
}

template <class Call>
auto Server::call(Call&& engine_call) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i] = {heads_[i].data(), static_cast<std::uint16_t>(1518 + 4)};
  }
  Replies replies(std::span{slots_}.first(replies_at_hand_));
  Events told_now(event_room_);
  Outbox outbox({});
  const Context context{now_, snapshot, replies, told_now, outbox, links_};
  const auto result = engine_call(context);
  const auto all = replies.all();
  for (std::size_t i = 0; i < all.size(); i += look_at_each_) {
    sent.push_back(take_apart(all[i], snapshot));
  }
  events.insert(events.end(), told_now.all().begin(), told_now.all().end());
  return result;
}

Outcome Server::receive(Request request) {
  const std::size_t sent_before = sent.size();
  const Outcome outcome = call([&](const Context& context) {
    // It is the same with and without.
    if (outcomes_.total() % 2 == 0) {
      engine->prefetch(request);
      engine->prefetch_payload(request);
    }
    return engine->handle(request, context);
  });
  outcomes_.add(outcome);
  // An outcome says whether a reply left.
  EXPECT_EQ(sent.size() > sent_before, info(outcome).verdict == Verdict::answered)
      << info(outcome).name;
  return outcome;
}

void Server::pass(Nanoseconds time) {
  const Instant end = now_ + time;
  while (now_ < end) {
    now_ = std::min(end, now_ + kTickSpacing);
    call([&](const Context& context) {
      engine->tick(context);
      return 0;
    });
  }
}

std::vector<Event> Server::told(EventKind kind) const {
  std::vector<Event> all;
  std::ranges::copy_if(events, std::back_inserter(all),
                       [&](const Event& event) { return event.kind == kind; });
  return all;
}

Outcome Client::asks(std::string_view file, const Options& options, std::string_view mode) {
  std::vector<wire::TftpOption> wanted;
  for (const auto& [name, value] : options) wanted.push_back({name, value});
  Octets packet(1400);
  packet.resize(wire::write_tftp_read_request(packet, file, mode, wanted));
  return says(packet, wire::kTftpPort);
}

Outcome Client::acks(std::uint64_t block, std::uint16_t transfer_id) {
  Octets packet(4);
  wire::write_tftp_ack(packet, static_cast<std::uint16_t>(block));
  return says(packet, transfer_id);
}

Outcome Client::fails(wire::TftpError code, std::string_view message) {
  Octets packet(200);
  packet.resize(wire::write_tftp_error(packet, code, message));
  return says(packet);
}

Outcome Client::says(std::span<const std::uint8_t> payload, std::uint16_t to_port) {
  Request request;
  request.service = to_port == wire::kTftpPort ? Service::tftp_open : Service::tftp_transfer;
  request.station = station;
  request.link_source = mac;
  request.link_destination = server_.station(station).mac;
  request.source = address_;
  request.destination = server_.station(station).address.address;
  request.source_port = port_;
  request.destination_port = to_port;
  // A copy of exact size: the sanitizer sees every read past its end.
  const Octets body(payload.begin(), payload.end());
  request.body = body;
  return server_.receive(request);
}

std::size_t Client::waiting() const {
  return static_cast<std::size_t>(std::ranges::count_if(
      server_.sent, [&](const Datagram& d) { return d.to == address_ && d.to_port == port_; }));
}

Datagram Client::hears() {
  const auto found = std::ranges::find_if(
      server_.sent, [&](const Datagram& d) { return d.to == address_ && d.to_port == port_; });
  if (found == server_.sent.end()) {
    ADD_FAILURE() << "the server is silent";
    Datagram nothing;
    nothing.payload.assign(4, 0);
    return nothing;
  }
  Datagram datagram = *found;
  server_.sent.erase(found);
  EXPECT_EQ(datagram.to_mac, mac);
  return datagram;
}

void Client::hears_nothing() {
  EXPECT_EQ(waiting(), 0U);
}

void Client::hears_oack(const Options& options) {
  const Datagram datagram = hears();
  ASSERT_EQ(datagram.opcode(), wire::TftpOpcode::option_acknowledgment);
  transfer_id_ = datagram.from_port;
  Octets expected(200);
  std::vector<wire::TftpOption> granted;
  for (const auto& [name, value] : options) granted.push_back({name, value});
  expected.resize(wire::write_tftp_oack(expected, granted));
  EXPECT_EQ(datagram.payload, expected)
      << std::string(datagram.payload.begin(), datagram.payload.end());
}

void Client::hears_data(std::uint64_t first, std::uint64_t last, std::span<const std::uint8_t> file,
                        std::size_t size) {
  for (std::uint64_t block = first; block <= last; ++block) {
    const Datagram datagram = hears();
    ASSERT_EQ(datagram.opcode(), wire::TftpOpcode::data);
    transfer_id_ = datagram.from_port;
    ASSERT_EQ(datagram.block(), static_cast<std::uint16_t>(block));
    const std::size_t offset = (block - 1) * size;
    ASSERT_LE(offset, file.size());
    const auto expected = file.subspan(offset, std::min(size, file.size() - offset));
    ASSERT_TRUE(std::ranges::equal(datagram.data(), expected)) << "block " << block;
  }
}

void Client::hears_error(wire::TftpError code) {
  const Datagram datagram = hears();
  ASSERT_EQ(datagram.opcode(), wire::TftpOpcode::error);
  EXPECT_EQ(load_be16(&datagram.payload[2]), static_cast<std::uint16_t>(code));
  EXPECT_GT(datagram.payload.size(), 5U) << "says why";
  EXPECT_EQ(datagram.payload.back(), 0) << "the message ends";
}

Octets Client::reads_on(std::size_t block_size, std::uint64_t window, std::uint64_t next) {
  Octets file;
  for (;;) {
    const Datagram datagram = hears();
    EXPECT_EQ(datagram.opcode(), wire::TftpOpcode::data);
    EXPECT_EQ(datagram.block(), static_cast<std::uint16_t>(next));
    if (testing::Test::HasFailure()) return file;
    transfer_id_ = datagram.from_port;
    file.insert(file.end(), datagram.data().begin(), datagram.data().end());
    const bool last = datagram.data().size() < block_size;
    if (last || next % window == 0) {
      EXPECT_EQ(acks(next), last ? Outcome::tftp_completed : Outcome::tftp_acked);
    }
    if (last) return file;
    ++next;
  }
}

}  // namespace reveille::test
