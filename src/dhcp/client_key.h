// What makes two requests come from one machine.
#pragma once

#include <cstdint>
#include <optional>

#include <reveille/config.h>
#include <reveille/wire/dhcp.h>

namespace reveille {

// Sixteen bytes that stand for a client. A MAC address stands there as it is; a client-id or a
// longer hardware address as a seeded 120-bit hash (RFC 2132 allows 255 octets).
struct ClientKey {
  std::uint64_t high = 0;  // zero: nobody
  std::uint64_t low = 0;

  bool operator==(const ClientKey&) const = default;
  [[nodiscard]] bool is_nobody() const { return high == 0; }
};

// Identity::mac: the hardware address, whatever the client-id says; firmware, iPXE and the
// operating system send different client-ids, and must not take three addresses for one machine.
// A client without a hardware address (hlen 0, RFC 4390) is known by its client-id.
// Identity::client_id: the client-id, or the hardware address of a client that sends none.
// nullopt: neither is there.
// The key of nearly every client, by the address of its Ethernet card.
[[nodiscard]] ClientKey ethernet_key_of(const MacAddress& mac);
[[nodiscard]] ClientKey client_id_key_of(Bytes id, std::uint64_t seed);
[[nodiscard]] std::optional<ClientKey> client_key_of(const wire::DhcpView& message,
                                                     Identity identity, std::uint64_t seed);

}  // namespace reveille
