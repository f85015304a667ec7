#include "packet/known_clients.h"

namespace reveille {

ClientFacts KnownClients::sender(const Request& request, const Station& station) const {
  const bool on_link = station.address.contains(request.source);
  const auto is_sender = [&](const ClientFacts* known) {
    return known != nullptr && (!on_link || known->link == request.link_source);
  };
  const ClientFacts* known = facts_.find(key_of(request.source));
  if (!is_sender(known) && on_link) known = facts_.find(key_of(request.link_source));
  ClientFacts facts;
  if (on_link) facts.mac = request.link_source;
  if (is_sender(known)) facts = *known;
  facts.address = request.source;
  facts.link = request.link_source;
  if (facts.next_server.is_zero()) facts.next_server = request.destination;
  return facts;
}

}  // namespace reveille
