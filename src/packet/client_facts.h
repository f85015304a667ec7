// What DHCP told of a client, kept for its read requests, which bring nothing but an address.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <type_traits>

#include <reveille/address.h>

namespace reveille {

// Fixed in size, so that it can travel through a ring. Whatever is zero or empty is not known.
struct ClientFacts {
  static constexpr std::uint16_t kNoArchitecture = 0xffff;
  static constexpr std::size_t kHostNameMax = 63;  // one label (RFC 1123 2.1)

  Ipv4Address address;  // zero: another server leases, and has not told us
  Ipv4Address next_server;
  MacAddress mac;   // chaddr
  MacAddress link;  // where its frames come from: itself, a bridge, or a relay
  Uuid uuid;        // option 97
  std::uint16_t architecture = kNoArchitecture;
  std::uint8_t reserved = 0;
  std::uint8_t host_name_length = 0;
  std::array<char, kHostNameMax + 1> host_name_bytes{};

  // As the client sent it: any octet. What is longer is cut.
  void set_host_name(std::string_view name) {
    host_name_length = static_cast<std::uint8_t>(std::min(name.size(), kHostNameMax));
    std::copy_n(name.data(), host_name_length, host_name_bytes.data());
  }
  [[nodiscard]] std::string_view host_name() const {
    return {host_name_bytes.data(), host_name_length};
  }
};
static_assert(sizeof(ClientFacts) == 104 && std::is_trivially_copyable_v<ClientFacts>);

// Where the DHCP engine puts what it has learned. The worker brings each to the one that will
// serve the client's read requests: the owner of the address, or everyone while the address is
// not known. Full means dropped and counted: the client then counts as unknown until its next
// DHCP message. Owner: one worker.
class ClientNotes {
 public:
  explicit ClientNotes(std::span<ClientFacts> storage) : storage_(storage) {}

  void add(const ClientFacts& facts) {
    if (count_ == storage_.size()) {
      ++lost_;
      return;
    }
    storage_[count_++] = facts;
  }
  [[nodiscard]] std::span<const ClientFacts> all() const { return storage_.first(count_); }
  [[nodiscard]] std::uint64_t lost() const { return lost_; }
  void clear() { count_ = 0; }

 private:
  std::span<ClientFacts> storage_;
  std::size_t count_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace reveille
