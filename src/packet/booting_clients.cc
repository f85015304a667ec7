#include "packet/booting_clients.h"

#include <algorithm>

namespace reveille {
namespace {

constexpr std::size_t kAges = 0;  // the only list

}  // namespace

BootingClients::BootingClients(std::size_t capacity, std::uint64_t seed)
    : seed_(seed),
      clients_(std::max<std::size_t>(capacity, 1)),
      by_mac_(clients_.size()),
      by_age_(clients_.size(), 1) {}

std::uint32_t BootingClients::find(const MacAddress& mac) const {
  return by_mac_.find(hash(mac), [&](std::uint32_t index) { return clients_[index].mac == mac; });
}

std::uint32_t BootingClients::place_for(const MacAddress& mac) {
  if (const std::uint32_t known = find(mac); known != kNoIndex) {
    by_age_.unlink(known);
    return known;
  }
  std::uint32_t place = used_;
  if (used_ < clients_.size()) {
    ++used_;
  } else {
    place = by_age_.front(kAges);
    by_age_.unlink(place);
    by_mac_.erase(place, [&](std::uint32_t index) { return hash(clients_[index].mac); });
  }
  clients_[place].mac = mac;
  by_mac_.insert(hash(mac), place);
  return place;
}

void BootingClients::saw(const MacAddress& client, Instant now) {
  const std::uint32_t place = place_for(client);
  clients_[place].seen = now;
  by_age_.push_back(kAges, place);
}

bool BootingClients::is_booting(const MacAddress& client, Instant now) const {
  const std::uint32_t place = find(client);
  return place != kNoIndex && now - clients_[place].seen < kMemory;
}

}  // namespace reveille
