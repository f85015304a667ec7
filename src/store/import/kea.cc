// kea-leases4.csv of Kea's memfile: a header, then a line for each change, the newest last.
#include "store/import/import_text.h"
#include "store/import/lease_import.h"
#include "text/lines.h"

namespace reveille {

using namespace lease_file;

namespace {

// The first columns; there are more, and newer versions have more again.
struct Columns {
  std::string_view address, hardware, client_id, lifetime, expire, state;
  bool complete = false;
};

Columns columns_of(std::string_view line) {
  // address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state
  Columns columns;
  std::string_view* const kept[] = {&columns.address,  &columns.hardware, &columns.client_id,
                                    &columns.lifetime, &columns.expire,   nullptr,
                                    nullptr,           nullptr,           nullptr,
                                    &columns.state};
  std::size_t i = 0;
  for (; i < std::size(kept); ++i) {
    const std::size_t end = line.find(',');
    if (kept[i] != nullptr) *kept[i] = line.substr(0, end);
    if (end == std::string_view::npos) break;
    line.remove_prefix(end + 1);
  }
  columns.complete = i + 1 >= std::size(kept);
  return columns;
}

// Empty when `lease` is filled.
std::string_view read_lease(const Columns& columns, ImportedLease& lease) {
  if (!columns.complete) return "it has fewer columns than a lease";
  const auto address = parse_lease_address(columns.address);
  if (!address) return "its first column is no IPv4 address of a machine";
  lease.address = *address;
  const auto lifetime = parse_count(columns.lifetime);
  const auto expire = parse_count(columns.expire);
  const auto state = parse_count(columns.state);
  if (!lifetime || !expire) return "valid_lifetime and expire are not both numbers";
  if (!state || *state > 2) return "its state is not 0, 1 or 2";
  if (!columns.hardware.empty()) {
    const auto mac = MacAddress::parse(columns.hardware);
    if (!mac) return "its hwaddr is no Ethernet address";
    lease.mac = *mac;
  }
  if (!columns.client_id.empty()) {
    auto id = parse_octets(columns.client_id);
    if (!id) return "its client_id is not hexadecimal";
    lease.client_id = std::move(*id);
  }
  constexpr std::int64_t kForEver = 0xffffffff;
  lease.since = *expire > *lifetime ? *expire - *lifetime : 0;
  if (*lifetime != kForEver) lease.until = *expire;
  switch (*state) {
    case 1:
      lease.state = RowState::declined;
      break;
    case 2:
      lease.state = RowState::expired;
      break;
    default:
      // How Kea writes that a lease is no more.
      lease.state = *lifetime == 0 ? RowState::released : RowState::bound;
  }
  return {};
}

}  // namespace

void read_kea_leases(std::string_view text, ImportedLeases& to) {
  std::size_t number = 0;
  while (!text.empty()) {
    const std::string_view line = trimmed(take_line(text));
    ++number;
    const bool is_header = line.starts_with("address,");
    if (line.empty() || line.starts_with('#') || is_header) continue;
    ImportedLease lease;
    lease.line = number;
    if (const std::string_view why = read_lease(columns_of(line), lease); !why.empty()) {
      to.skip(number, std::string(why));
    } else {
      to.add(std::move(lease));
    }
  }
}

}  // namespace reveille
