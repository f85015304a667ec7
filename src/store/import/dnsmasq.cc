// dnsmasq.leases: "expiry hardware-address address host-name client-id", one lease a line, all of
// them current. A line "duid ..." begins those of IPv6.
#include "store/import/import_text.h"
#include "store/import/lease_import.h"
#include "text/lines.h"

namespace reveille {

using namespace lease_file;

namespace {

// "52:54:00:12:34:56"; other hardware than Ethernet has its type in front: "06-...".
std::optional<MacAddress> mac_of(std::string_view text) {
  if (text.find('-') != std::string_view::npos) return std::nullopt;
  return MacAddress::parse(text);
}

// Empty when `lease` is filled.
std::string_view read_lease(std::string_view line, ImportedLease& lease) {
  const auto expiry = parse_count(take_word(line));
  if (!expiry) return "it does not begin with a time in seconds";
  const auto mac = mac_of(take_word(line));
  const auto address = parse_lease_address(take_word(line));
  if (!address) return "its third word is no IPv4 address of a machine";
  if (!mac) return "its second word is no Ethernet address";
  const std::string_view host_name = take_word(line);  // or "*"
  const std::string_view id = take_word(line);
  if (host_name.empty() || id.empty()) return "it has fewer than five words";
  if (id != "*") {
    auto octets = parse_octets(id);
    if (!octets) return "its client-id is not hexadecimal";
    lease.client_id = std::move(*octets);
  }
  lease.address = *address;
  lease.mac = *mac;
  if (*expiry != 0) lease.until = *expiry;  // 0: for ever
  return {};
}

}  // namespace

void read_dnsmasq_leases(std::string_view text, ImportedLeases& to) {
  std::size_t number = 0;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    ++number;
    if (line.starts_with("duid ")) return;
    if (line.empty()) continue;
    ImportedLease lease;
    lease.line = number;
    if (const std::string_view why = read_lease(line, lease); !why.empty()) {
      to.skip(number, std::string(why));
    } else {
      to.add(std::move(lease));
    }
  }
}

}  // namespace reveille
