#include "dhcp/client_note.h"

#include "names/name_rules.h"
#include "packet/snapshot.h"
#include "policy/candidates.h"

namespace reveille {

ClientFacts client_facts(const Facts& facts, const Request& request, Ipv4Address address,
                         Ipv4Address next_server, std::string_view host_name) {
  ClientFacts client;
  client.address = address;
  client.next_server = next_server;
  client.mac = facts.mac;
  client.link = request.link_source;
  if (facts.uuid) client.uuid = *facts.uuid;
  client.architecture = facts.architecture;
  client.set_host_name(host_name.empty() ? facts.host_name : host_name);
  return client;
}

void note_client(const ClientFacts& client, const Context& context) {
  if (context.clients != nullptr) context.clients->add(client);
}

const Image* served_image(const BootPlan& plan, const ClientFacts& client, const Context& context) {
  const Snapshot& snapshot = context.snapshot;
  const Image* image = plan.image;
  if (snapshot.names && snapshot.catalogue && !plan.file.empty() && !is_url(plan.file)) {
    image = snapshot.names->find(plan.file, client, *snapshot.catalogue, context.worker);
  }
  // Only firmware looks at the size, and firmware gets no template.
  return image != nullptr && image->as_template() == nullptr ? image : nullptr;
}

}  // namespace reveille
