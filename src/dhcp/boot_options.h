// The part of a DHCP reply that says what to boot: siaddr, sname and file, and options 13, 43,
// 60, 66, 67, 97 and 175. Options 93 and 94 are the client's own and are only read.
//
// The same writers serve the DHCP server, ProxyDHCP and the boot server. A reply in which all of
// them are written is complete: iPXE waits for no proxy, EDK2 asks no boot server and opens the
// file once. src/policy/README.md says what each client looks for.
#pragma once

#include <cstdint>
#include <span>

#include <reveille/address.h>
#include <reveille/wire/dhcp.h>

#include "packet/snapshot.h"
#include "policy/boot_policy.h"
#include "policy/facts.h"

namespace reveille {

// Boot item: PXE 2.1, table 2-1, a tag inside option 43.
inline constexpr std::uint8_t kBootItem = 71;

// What a reply says about booting. Borrows; valid for the call.
struct BootReply {
  const Facts& facts;
  // nullptr, or without a file: nothing to boot, and nothing is said about it.
  const BootPlan* plan = nullptr;
  const Station& station;
  Ipv4Address next_server;  // where the file is: next_server_of()
  bool proxy = false;       // ProxyDHCP or boot server: another server gives the address
  // Option 43 says "load the file, look for no boot server". Off in the second ProxyDHCP OFFER
  // for UEFI and on port 4011: proxy.cc says why.
  bool no_discovery = true;
};

// That of the plan, or [boot] next_server, or our own address on the station's link.
[[nodiscard]] Ipv4Address next_server_of(const Config& config, const Station& station,
                                         const BootPlan* plan);

// Whether the request has an option 97 that goes back to it.
[[nodiscard]] bool has_machine_identifier(const wire::DhcpView& request);

// Writes option `code` if the plan says it: one of its options, or the root path.
bool write_planned_option(wire::DhcpWriter& writer, const BootPlan& plan, wire::DhcpOption code);

// siaddr, sname and file. Before the first option. A boot file that does not fit the file field
// (127 octets and a NUL) stands in option 67 alone, and leaves the field free for overload.
void write_boot_header(wire::DhcpWriter& writer, const wire::DhcpView& request,
                       const BootReply& reply);

// Writes option `code` if it is one of ours and has a value for this client; true if written.
// For the walk through the parameter request list.
bool write_boot_option(wire::DhcpWriter& writer, const wire::DhcpView& request,
                       const BootReply& reply, wire::DhcpOption code);

// The options that this client needs although it may not ask for them, for write_boot_option().
// What it cannot do without comes first, should the reply run out of room.
[[nodiscard]] std::span<const wire::DhcpOption> unasked_boot_options(const BootReply& reply);

}  // namespace reveille
