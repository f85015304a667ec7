#include "dhcp/parked_requests.h"

#include <algorithm>

namespace reveille {

ParkedRequest* ParkedRequests::add(const Request& request, const ClientKey& client,
                                   std::uint16_t subnet, std::uint16_t group, Instant now) {
  if (request.body.size() > ParkedRequest::kBytesMax) return nullptr;
  const auto place = std::find_if(parked_.begin(), parked_.end(),
                                  [](const ParkedRequest& parked) { return !parked.used; });
  if (place == parked_.end()) return nullptr;
  place->client = client;
  place->since = now;
  place->claimed = {};
  place->subnet = subnet;
  place->group = group;
  place->length = static_cast<std::uint16_t>(request.body.size());
  place->peer = 0;
  place->refusals = 0;
  place->used = true;
  std::copy(request.body.begin(), request.body.end(), place->bytes.begin());
  place->request = request;
  place->request.network = {};
  place->request.body = Bytes{place->bytes}.first(place->length);
  return &*place;
}

bool ParkedRequests::holds(const ClientKey& client) const {
  return std::any_of(parked_.begin(), parked_.end(), [&](const ParkedRequest& parked) {
    return parked.used && parked.client == client;
  });
}

ParkedRequest* ParkedRequests::claim_of(Ipv4Address address) {
  const auto found = std::find_if(parked_.begin(), parked_.end(), [&](const ParkedRequest& parked) {
    return parked.used && parked.is_claim() && parked.claimed == address;
  });
  return found == parked_.end() ? nullptr : &*found;
}

ParkedRequest* ParkedRequests::first_waiting(std::uint16_t group) {
  ParkedRequest* first = nullptr;
  for (ParkedRequest& parked : parked_) {
    if (!parked.used || parked.is_claim() || parked.group != group) continue;
    if (first == nullptr || parked.since < first->since) first = &parked;
  }
  return first;
}

std::uint16_t ParkedRequests::count_waiting(std::uint16_t group) const {
  return static_cast<std::uint16_t>(
      std::count_if(parked_.begin(), parked_.end(), [&](const ParkedRequest& parked) {
        return parked.used && !parked.is_claim() && parked.group == group;
      }));
}

ParkedRequest* ParkedRequests::older_than(Instant since) {
  const auto found = std::find_if(parked_.begin(), parked_.end(), [&](const ParkedRequest& parked) {
    return parked.used && parked.since < since;
  });
  return found == parked_.end() ? nullptr : &*found;
}

}  // namespace reveille
