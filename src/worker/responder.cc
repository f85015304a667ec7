#include "worker/responder.h"

#include "link/engine.h"
#include "packet/snapshot.h"
#include "packet/transfer_id.h"

namespace reveille {
namespace {

// Machines that may boot at once and ask for a router: bounded, the oldest are not remembered.
constexpr std::size_t kBootingClientsMax = 16384;

// Clients whose facts are kept for their read requests, a worker; the oldest are forgotten.
constexpr std::size_t kKnownClientsMax = 16384;

// RFC 2131, section 2: chaddr follows op, htype, hlen, hops, xid, secs, flags and four addresses.
constexpr std::size_t kChaddrOffset = 28;

MacAddress client_of(const Request& request) {
  if (request.body.size() < kChaddrOffset + 6) return request.link_source;
  return MacAddress::from(&request.body[kChaddrOffset]);
}

}  // namespace

unsigned owner_among(const Request& request, unsigned workers, unsigned here) {
  switch (request.service) {
    case Service::dhcp:
    case Service::boot_server:
      return owner_of(client_of(request), workers);
    case Service::tftp_open:
      return owner_of(request.source.value, workers);
    case Service::tftp_transfer:
      return transfer_owner(request.destination_port, workers);
    case Service::aoe:
    case Service::router_solicitation:
      // Who has just seen this machine's DHCP: the owner of its MAC address.
      return owner_of(request.link_source, workers);
    case Service::arp:
    case Service::icmp_echo:
    case Service::icmp_echo_reply:
    case Service::neighbour:
    case Service::router_advertisement:
      return here;
  }
  return here;
}

namespace {

// One for each worker, and each use.
std::uint64_t own_seed(std::uint64_t seed, Share share, unsigned use) {
  return mix(mix(seed + share.index) + use);
}

}  // namespace

Responder::Responder(const Snapshot& first, Share share, std::uint64_t seed,
                     const StoredLeases* stored)
    : booting_(kBootingClientsMax, own_seed(seed, share, 2)),
      clients_(kKnownClientsMax, own_seed(seed, share, 3)),
      dhcp_(first, share, seed, booting_, stored),
      tftp_(first.config->tftp, share, own_seed(seed, share, 1), clients_),
      aoe_(first, share, own_seed(seed, share, 4), booting_) {}

Outcome Responder::handle_other(const Request& request, const Context& context) {
  switch (request.service) {
    case Service::arp: {
      const Outcome outcome = answer_arp(request, context);
      return outcome == Outcome::arp_other ? dhcp_.hear_host(request, context) : outcome;
    }
    case Service::icmp_echo_reply:
      return dhcp_.hear_host(request, context);
    case Service::icmp_echo:
      return answer_echo(request, context);
    case Service::neighbour:
      return answer_neighbour_solicitation(request, context);
    case Service::router_solicitation:
      return answer_router_solicitation(request, context, booting_);
    case Service::router_advertisement:
      return note_router_advertisement(request, context);
    case Service::dhcp:
    case Service::boot_server:
      return dhcp_.handle(request, context);
    case Service::tftp_open:
      return tftp_.open(request, context);
    case Service::tftp_transfer:
      return tftp_.receive(request, context);
    case Service::aoe:
      return aoe_.handle(request, context);
  }
  return Outcome::frame_other_ethertype;
}

void Responder::receive(const PeerMessage& message, const Context& context) {
  dhcp_.receive(message, context);
}

bool Responder::tick(const Context& context) {
  const bool all = tftp_.tick(context);
  dhcp_.tick(context);
  aoe_.tick(context);
  return all;
}

}  // namespace reveille
