// A DHCP message from a description of the client.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/address.h>
#include <reveille/wire/dhcp.h>

#include "control/explain/client_words.h"
#include "packet/request.h"
#include "packet/stations.h"

namespace reveille {

// What a client asks, before it is known what it was offered.
struct Question {
  wire::DhcpType type = wire::DhcpType::discover;
  Service service = Service::dhcp;
  MacAddress mac;
  std::uint16_t vlan = 0;
  Ipv4Address relay;               // zero: none
  std::vector<std::uint8_t> body;  // the DHCP message
};

// The message that such a client sends. With an architecture alone it is that of usual firmware:
// vendor class, options 55, 57, 93 and 94; each can be given instead. `type` counts instead of
// the word where both are given. The error is a sentence that names the option.
[[nodiscard]] tl::expected<Question, std::string> compose(const ClientWords& words);

// The REQUEST of the client that sent `words` and was offered `address` by `server`.
[[nodiscard]] tl::expected<Question, std::string> compose_request(const ClientWords& words,
                                                                  Ipv4Address address,
                                                                  Ipv4Address server);

// As it reaches us: through the station on the question's VLAN, or through its relay. Borrows
// `question`. The error says that there is no such station.
[[nodiscard]] tl::expected<Request, std::string> request_of(const Question& question,
                                                            const Stations& stations);

}  // namespace reveille
