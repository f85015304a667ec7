// What DHCP passes on to TFTP about a client, and what it must know of TFTP's answer.
#pragma once

#include <string_view>

#include <reveille/address.h>

#include "packet/client_facts.h"
#include "packet/context.h"
#include "packet/request.h"
#include "policy/boot_policy.h"
#include "policy/facts.h"

namespace reveille {

// `address`: what the client has or gets; zero where another server gives it. `host_name`: that
// of its reservation; empty: its own word.
[[nodiscard]] ClientFacts client_facts(const Facts& facts, const Request& request,
                                       Ipv4Address address, Ipv4Address next_server,
                                       std::string_view host_name);

// For the worker that the client's read requests will belong to.
void note_client(const ClientFacts& client, const Context& context);

// What the client will get when it asks for the file of its plan, after the name rules: option 13
// tells its size, and EDK2 loads no file that is larger. nullptr: not known.
[[nodiscard]] const Image* served_image(const BootPlan& plan, const ClientFacts& client,
                                        const Context& context);

}  // namespace reveille
