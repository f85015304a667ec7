// Requests that wait for an address from another worker: a few, for a moment.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <reveille/address.h>
#include <reveille/instant.h>

#include "dhcp/client_key.h"
#include "packet/request.h"

namespace reveille {

struct ParkedRequest {
  static constexpr std::size_t kBytesMax = 1472;  // what one Ethernet frame brings by UDP

  ClientKey client;
  Instant since{};
  Ipv4Address claimed;  // zero: any address of the group will do
  std::uint16_t subnet = 0;
  std::uint16_t group = 0;
  std::uint16_t length = 0;
  std::uint8_t peer = 0;      // a claim: who was asked last
  std::uint8_t refusals = 0;  // a claim: so many have none
  bool used = false;
  Request request;  // its body is below
  std::array<std::uint8_t, kBytesMax> bytes;

  [[nodiscard]] bool is_claim() const { return !claimed.is_zero(); }
};

// Fixed memory. Full, or a request that is too long: it is not parked, and the client asks
// again. Owner: one worker.
class ParkedRequests {
 public:
  static constexpr std::size_t kParkedMax = 64;

  ParkedRequests() : parked_(kParkedMax) {}

  // Copies the request. nullptr when there is no room.
  ParkedRequest* add(const Request& request, const ClientKey& client, std::uint16_t subnet,
                     std::uint16_t group, Instant now);
  void remove(ParkedRequest& parked) { parked.used = false; }

  [[nodiscard]] bool holds(const ClientKey& client) const;
  [[nodiscard]] ParkedRequest* claim_of(Ipv4Address address);
  // Of those that take any address of the group, the one that waits longest.
  [[nodiscard]] ParkedRequest* first_waiting(std::uint16_t group);
  [[nodiscard]] std::uint16_t count_waiting(std::uint16_t group) const;
  // One that waits since before `since`, or nullptr.
  [[nodiscard]] ParkedRequest* older_than(Instant since);

 private:
  std::vector<ParkedRequest> parked_;
};

}  // namespace reveille
