// How frames of machines and relays get to the wire.
#pragma once

#include <cstdint>
#include <vector>

#include <reveille/address.h>
#include <reveille/bytes.h>

namespace reveille::storm {

// Where frames go: a port, or a test.
class Outlet {
 public:
  static constexpr std::size_t kRoom = 2048;
  static constexpr std::size_t kJumboRoom = 9216;
  virtual ~Outlet() = default;
  // Room for one frame, kRoom octets or more, valid until send() or the next call.
  virtual MutableBytes room() = 0;
  // The frame that was written into the last room().
  virtual void send(std::size_t length) = 0;
  // Whether send_with() may be used.
  [[nodiscard]] virtual bool gathers() const { return false; }
  // The same with `tail` behind it, which is read later, where it is.
  virtual void send_with(std::size_t /*length*/, Bytes /*tail*/) {}
  // Frames that were sent and have not left yet.
  [[nodiscard]] virtual std::size_t waiting() const { return 0; }
};

// Between which stations a datagram travels.
struct Path {
  MacAddress from_mac;
  MacAddress to_mac;
  Ipv4Address from;
  Ipv4Address to;
  std::uint16_t from_port = 0;
  std::uint16_t to_port = 0;
};

// Writes a UDP frame behind the headers: first the payload into payload(), then send().
class Network {
 public:
  explicit Network(Outlet& outlet) : outlet_(outlet) {}

  [[nodiscard]] MutableBytes payload();
  void send(const Path& path, std::size_t payload_length);
  // The same when the ones'-complement sum of the payload is known already.
  void send(const Path& path, std::size_t payload_length, std::uint16_t payload_sum);
  // The same with `tail` as the rest of the payload, which `payload_sum` is of as a whole. It lasts
  // as long as the outlet.
  void send(const Path& path, std::size_t payload_length, Bytes tail, std::uint16_t payload_sum);

  // Who has `address`?
  void ask(const MacAddress& asker, Ipv4Address asker_address, Ipv4Address address);
  // `address` is at `mac`.
  void tell(const MacAddress& mac, Ipv4Address address, const MacAddress& asker,
            Ipv4Address asker_address);

 private:
  // Writes the headers of a payload of so many octets.
  void write_headers(const Path& path, std::size_t payload_length, std::uint16_t payload_sum);

  Outlet& outlet_;
  MutableBytes room_;
};

// A router that forwards requests of machines to the server, with its own giaddr.
struct Relay {
  MacAddress mac;
  Ipv4Address address;
};
// `count` relays with consecutive addresses.
[[nodiscard]] std::vector<Relay> relays(unsigned count, Ipv4Address first);

}  // namespace reveille::storm
