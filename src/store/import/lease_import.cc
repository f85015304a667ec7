#include "store/import/lease_import.h"

#include <algorithm>

#include "store/import/import_text.h"
#include "text/lines.h"

namespace reveille {

using namespace lease_file;

namespace {

// The first line that says anything tells which server wrote the file.
std::optional<LeaseFile> kind_of(std::string_view text) {
  while (!text.empty()) {
    std::string_view line = trimmed(take_line(text));
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with("address,hwaddr,client_id,")) return LeaseFile::kea;
    constexpr std::string_view kStatements[] = {"lease",       "authoring-byte-order",
                                                "server-duid", "db-time-format",
                                                "failover",    "host",
                                                "group",       "subgroup",
                                                "class",       "zone",
                                                "ia-na",       "ia-ta",
                                                "ia-pd"};
    const std::string_view word = take_word(line);
    if (std::ranges::find(kStatements, word) != std::end(kStatements)) return LeaseFile::dhcpd;
    if (word == "duid") return LeaseFile::dnsmasq;
    // Expiry, hardware address, address.
    const bool has_address = !take_word(line).empty() && Ipv4Address::parse(take_word(line));
    if (parse_count(word) && has_address) return LeaseFile::dnsmasq;
    return std::nullopt;
  }
  return std::nullopt;
}

// The last word on each address, in order of addresses.
void keep_last_words(std::vector<ImportedLease>& leases) {
  std::ranges::stable_sort(leases, {}, [](const ImportedLease& lease) { return lease.address; });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < leases.size(); ++i) {
    const bool is_last = i + 1 == leases.size() || leases[i].address != leases[i + 1].address;
    if (!is_last) continue;
    if (kept != i) leases[kept] = std::move(leases[i]);
    ++kept;
  }
  leases.resize(kept);
}

}  // namespace

std::string_view name(LeaseFile kind) {
  switch (kind) {
    case LeaseFile::dhcpd:
      return "ISC dhcpd";
    case LeaseFile::dnsmasq:
      return "dnsmasq";
    case LeaseFile::kea:
      return "Kea";
  }
  return "";
}

void ImportedLeases::add(ImportedLease lease) {
  // One more than allowed tells that there are too many.
  if (leases.size() <= kLeasesMax) leases.push_back(std::move(lease));
}

void ImportedLeases::skip(std::size_t line, std::string why) {
  ++skipped;
  if (problems.size() < kProblemsMax) problems.push_back({line, std::move(why)});
}

tl::expected<ImportedLeases, std::string> import_leases(std::string_view text) {
  if (text.size() > ImportedLeases::kBytesMax) {
    return tl::unexpected(std::string("it is longer than a GiB"));
  }
  const auto kind = kind_of(text);
  if (!kind) {
    return tl::unexpected(
        std::string("it is no lease file of ISC dhcpd, dnsmasq or Kea (kea-leases4.csv)"));
  }
  ImportedLeases imported;
  imported.kind = *kind;
  switch (*kind) {
    case LeaseFile::dhcpd:
      read_dhcpd_leases(text, imported);
      break;
    case LeaseFile::dnsmasq:
      read_dnsmasq_leases(text, imported);
      break;
    case LeaseFile::kea:
      read_kea_leases(text, imported);
      break;
  }
  if (imported.leases.size() > ImportedLeases::kLeasesMax) {
    return tl::unexpected("it has more than " + std::to_string(ImportedLeases::kLeasesMax) +
                          " leases");
  }
  keep_last_words(imported.leases);
  return imported;
}

}  // namespace reveille
