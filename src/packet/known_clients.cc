#include "packet/known_clients.h"

#include <algorithm>

namespace reveille {
namespace {

constexpr std::size_t kAges = 0;  // the only list

}  // namespace

KnownClients::KnownClients(std::size_t capacity, std::uint64_t seed)
    : seed_(seed),
      clients_(std::max<std::size_t>(capacity, 1)),
      by_key_(clients_.size()),
      by_age_(clients_.size(), 1) {}

std::uint32_t KnownClients::find(std::uint64_t key) const {
  return by_key_.find(hash(key), [&](std::uint32_t index) { return clients_[index].key == key; });
}

std::uint32_t KnownClients::place_for(std::uint64_t key) {
  if (const std::uint32_t known = find(key); known != kNoIndex) {
    by_age_.unlink(known);
    return known;
  }
  std::uint32_t place = used_;
  if (used_ < clients_.size()) {
    ++used_;
  } else {
    place = by_age_.front(kAges);
    by_age_.unlink(place);
    by_key_.erase(place, [&](std::uint32_t index) { return hash(clients_[index].key); });
  }
  clients_[place].key = key;
  by_key_.insert(hash(key), place);
  return place;
}

void KnownClients::note(const ClientFacts& facts) {
  const std::uint32_t place = place_for(key_of(facts));
  clients_[place].facts = facts;
  by_age_.push_back(kAges, place);
}

ClientFacts KnownClients::sender(const Request& request, const Station& station) const {
  const bool on_link = station.address.contains(request.source);
  ClientFacts facts;
  if (on_link) facts.mac = request.link_source;
  const auto is_sender = [&](std::uint32_t place) {
    return place != kNoIndex && (!on_link || clients_[place].facts.link == request.link_source);
  };
  std::uint32_t place = find(key_of(request.source));
  if (!is_sender(place) && on_link) place = find(key_of(request.link_source));
  if (is_sender(place)) facts = clients_[place].facts;
  facts.address = request.source;
  facts.link = request.link_source;
  if (facts.next_server.is_zero()) facts.next_server = request.destination;
  return facts;
}

}  // namespace reveille
