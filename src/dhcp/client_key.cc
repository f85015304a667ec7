#include "dhcp/client_key.h"

#include <array>

#include "packet/bytes_hash.h"

namespace reveille {
namespace {

// The first octet of `high` says what the key was made of, so that keys of different kinds
// never meet.
enum class Kind : std::uint8_t { mac = 1, hardware = 2, client_id = 3 };

ClientKey hashed(Kind kind, Bytes bytes, std::uint64_t seed) {
  const std::uint64_t high = hash_bytes(bytes, seed);
  return {(std::uint64_t{static_cast<std::uint8_t>(kind)} << 56) | (high >> 8),
          hash_bytes(bytes, ~seed)};
}

std::optional<ClientKey> by_hardware(const wire::DhcpView& message, std::uint64_t seed) {
  const std::uint8_t length = message.hlen();
  if (length == 0) return std::nullopt;
  if (length == 6) {
    return ClientKey{(std::uint64_t{static_cast<std::uint8_t>(Kind::mac)} << 56) | message.htype(),
                     message.chaddr().number()};
  }
  return hashed(Kind::hardware, message.chaddr_field().first(length), seed ^ message.htype());
}

std::optional<ClientKey> by_client_id(const wire::DhcpView& message, std::uint64_t seed) {
  const auto id = message.option(wire::DhcpOption::client_identifier);
  if (!id || id->empty()) return std::nullopt;
  return client_id_key_of(*id, seed);
}

}  // namespace

ClientKey ethernet_key_of(const MacAddress& mac) {
  constexpr std::uint8_t kEthernet = 1;
  return {(std::uint64_t{static_cast<std::uint8_t>(Kind::mac)} << 56) | kEthernet, mac.number()};
}

ClientKey client_id_key_of(Bytes id, std::uint64_t seed) {
  return hashed(Kind::client_id, id, seed);
}

std::optional<ClientKey> client_key_of(const wire::DhcpView& message, Identity identity,
                                       std::uint64_t seed) {
  const bool by_id_first = identity == Identity::client_id;
  const auto first = by_id_first ? by_client_id(message, seed) : by_hardware(message, seed);
  if (first) return first;
  return by_id_first ? by_hardware(message, seed) : by_client_id(message, seed);
}

}  // namespace reveille
