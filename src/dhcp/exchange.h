// One request on its way through the server: all that is known before anything is decided.
#pragma once

#include <reveille/config.h>
#include <reveille/wire/dhcp.h>

#include "dhcp/client_key.h"
#include "dhcp/subnets.h"
#include "packet/context.h"
#include "packet/request.h"
#include "packet/snapshot.h"
#include "policy/boot_policy.h"
#include "policy/facts.h"

namespace reveille {

// Borrows everything; valid for one call.
struct Exchange {
  const Request& request;
  const wire::DhcpView& message;
  const Context& context;
  const Station& station;
  const Subnet& subnet;
  const Facts& facts;
  ClientKey client;
  const HostConfig* host = nullptr;  // its reservation
  BootPlan plan{};                   // what rules and configuration decided for it
  // Whose addresses it may be lent; kNoGroup: its rule names a pool that has none on its link.
  std::uint16_t group = kNoGroup;
  // What we call ourselves: our address on the station, or what the relay wants us to be called
  // so that renewals go through it (RFC 5107).
  Ipv4Address server_identifier;
  // The other workers have been asked for the address that this client wants.
  bool peers_asked = false;

  [[nodiscard]] Instant now() const { return context.now; }
  [[nodiscard]] const DhcpConfig& config() const { return context.snapshot.config->dhcp; }
  [[nodiscard]] bool is_relayed() const { return !message.giaddr().is_zero(); }
  // Its frames come from another layer-2 address than its own: a bridge that translates, or
  // somebody who invents clients.
  [[nodiscard]] bool is_foreign() const {
    return !is_relayed() && message.hlen() == 6 && request.link_source != message.chaddr();
  }
  // The address that is reserved for it, by its [[host]], else by its rule, if this is its subnet.
  [[nodiscard]] std::optional<Ipv4Address> reservation() const {
    if (host != nullptr && host->address && subnet.config.prefix.contains(*host->address)) {
      return host->address;
    }
    if (plan.address && subnet.config.prefix.contains(*plan.address)) return plan.address;
    return std::nullopt;
  }
  // What its rule gives is not what it gets.
  [[nodiscard]] bool is_beside_rule(Ipv4Address address) const {
    const auto reserved = reservation();
    return reserved && reserved == plan.address && *reserved != address;
  }
};

}  // namespace reveille
