// A TFTP engine on a virtual clock, for conversations: frames in, checked frames out.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <reveille/wire/tftp.h>

#include "image/catalogue.h"
#include "image/memory_image.h"
#include "packet/known_clients.h"
#include "packet/snapshot.h"
#include "tftp/engine.h"

namespace reveille::test {

using Octets = std::vector<std::uint8_t>;

// Octets of which each stretch is unlike every other.
inline Octets pattern(std::size_t size, std::uint32_t seed = 1) {
  Octets bytes(size);
  std::uint32_t state = seed * 2654435761U + 1;
  for (std::uint8_t& octet : bytes) {
    state = state * 1664525U + 1013904223U;
    octet = static_cast<std::uint8_t>(state >> 24);
  }
  return bytes;
}

// The Internet checksum as RFC 1071 has it, octet by octet; nothing of the product's.
inline std::uint16_t plain_sum(std::uint64_t sum, std::span<const std::uint8_t> bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    sum += i % 2 == 0 ? bytes[i] * 256U : bytes[i];
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(sum);
}

// A UDP datagram from the server, every header field and checksum of which was looked at.
struct Datagram {
  MacAddress to_mac;
  std::uint16_t vlan = 0;
  Ipv4Address from, to;
  std::uint16_t from_port = 0, to_port = 0;
  Octets payload;

  [[nodiscard]] wire::TftpOpcode opcode() const {
    return static_cast<wire::TftpOpcode>(load_be16(payload.data()));
  }
  [[nodiscard]] std::uint16_t block() const { return load_be16(&payload[2]); }
  [[nodiscard]] std::span<const std::uint8_t> data() const { return std::span{payload}.subspan(4); }
};

Datagram take_apart(const Reply& reply, const Snapshot& snapshot);

class Server {
 public:
  static constexpr MacAddress kMac{{0x02, 0, 0, 0, 0, 0x01}};
  static constexpr Ipv4Address kAddress{0x0a4d0001};

  explicit Server(TftpConfig config = {}, Share share = {}, std::uint64_t seed = 7);

  void serve(const std::string& name, Octets bytes) { serve(make_image(name, std::move(bytes))); }
  // A new snapshot with one more image, or a newer one of that name. Old ones stay alive.
  void serve(std::shared_ptr<const Image> image);
  [[nodiscard]] const Image& image(std::string_view name) const { return *catalogue_->find(name); }

  Station& station(std::size_t index = 0) { return snapshot.stations[index]; }
  // From now on a call finds only so many reply slots.
  void limit_replies(std::size_t count) { replies_at_hand_ = count; }

  // From now on only the first, the n-th, the 2n-th ... reply of a call is looked at; the others
  // are lost. For transfers of gigabytes.
  void look_at_each(std::size_t n) { look_at_each_ = n; }

  // One packet in; what the engine sends is appended to `sent`.
  Outcome receive(Request request);
  // Time passes in steps of a millisecond, each with a tick.
  void pass(Nanoseconds time);
  // Time passes without anyone looking.
  void jump(Nanoseconds time) { now_ += time; }

  [[nodiscard]] Instant now() const { return now_; }
  [[nodiscard]] const OutcomeCounts& outcomes() const { return outcomes_; }
  [[nodiscard]] std::uint64_t count(Outcome outcome) const { return outcomes_[outcome]; }
  [[nodiscard]] std::vector<Event> told(EventKind kind) const;
  [[nodiscard]] unsigned transfers_holding(std::string_view name) const {
    return image(name).hold(share_.index).transfers;
  }

  Snapshot snapshot;
  KnownClients clients{64, 5};  // what DHCP has told of those who ask
  std::deque<Datagram> sent;
  std::vector<Event> events;
  std::unique_ptr<TftpEngine> engine;

 private:
  template <class Call>
  auto call(Call&& engine_call);

  Share share_;
  Instant now_ = Instant{} + 100s;
  std::vector<std::shared_ptr<const Image>> images_;
  std::shared_ptr<const Catalogue> catalogue_;
  std::size_t replies_at_hand_ = 2 * kRepliesPerRequest;
  std::size_t look_at_each_ = 1;
  std::vector<Octets> heads_;
  std::vector<Reply> slots_;
  std::vector<Event> event_room_ = std::vector<Event>(256);
  OutcomeCounts outcomes_;
  LinkState links_;
};

using Options = std::vector<std::pair<std::string, std::string>>;

// One UDP port of one machine, and what passes between it and the server.
class Client {
 public:
  Client(Server& server, std::uint16_t port = 2070, Ipv4Address address = {0x0a4d0105})
      : server_(server), address_(address), port_(port) {}

  MacAddress mac{{0x52, 0x54, 0, 0x12, 0x34, 0x56}};
  std::uint16_t station = 0;

  Outcome asks(std::string_view file, const Options& options = {}, std::string_view mode = "octet");
  Outcome acks(std::uint64_t block) { return acks(block, transfer_id_); }
  Outcome acks(std::uint64_t block, std::uint16_t transfer_id);
  Outcome fails(wire::TftpError code, std::string_view message);
  // Any payload, to any port.
  Outcome says(std::span<const std::uint8_t> payload, std::uint16_t to_port);
  Outcome says(std::span<const std::uint8_t> payload) { return says(payload, transfer_id_); }

  // The oldest datagram for this port that was not looked at; fails the test if there is none.
  Datagram hears();
  void hears_nothing();
  void hears_oack(const Options& options);
  // Blocks `first` to `last` in this order, with the bytes of `file` in blocks of `size`.
  void hears_data(std::uint64_t first, std::uint64_t last, std::span<const std::uint8_t> file,
                  std::size_t size = 512);
  void hears_error(wire::TftpError code);

  // Lock-step or in windows, from block `next` to the end; returns what was received.
  Octets reads_on(std::size_t block_size, std::uint64_t window = 1, std::uint64_t next = 1);
  Octets reads(std::string_view file, std::string_view mode = "octet") {
    asks(file, {}, mode);
    return reads_on(512);
  }

  [[nodiscard]] std::uint16_t transfer_id() const { return transfer_id_; }
  [[nodiscard]] std::size_t waiting() const;

 private:
  Server& server_;
  Ipv4Address address_;
  std::uint16_t port_;
  std::uint16_t transfer_id_ = 0;
};

}  // namespace reveille::test
