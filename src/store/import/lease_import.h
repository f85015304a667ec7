// Leases of other servers, from the files in which they keep them: ISC dhcpd (dhcpd.leases),
// dnsmasq (dnsmasq.leases) and Kea (kea-leases4.csv).
//
// All three are written by appending or by programs that may die while they write: a line that
// makes no sense is left out and named, the rest counts. What a later line says of an address
// stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/address.h>

#include "store/schema.h"

namespace reveille {

enum class LeaseFile : std::uint8_t { dhcpd, dnsmasq, kea };
[[nodiscard]] std::string_view name(LeaseFile kind);

struct ImportedLease {
  Ipv4Address address;
  RowState state = RowState::bound;  // bound, released, expired or declined
  MacAddress mac;                    // zero: not known
  std::vector<std::uint8_t> client_id;
  std::int64_t since = 0;             // seconds of the epoch; zero: not known
  std::optional<std::int64_t> until;  // the same; nullopt: for ever
  std::size_t line = 0;               // where it is said, from 1
};

// A place of the file that was left out.
struct ImportProblem {
  std::size_t line = 0;
  std::string text;
};

struct ImportedLeases {
  // The names of further ones are not kept, only their number.
  static constexpr std::size_t kProblemsMax = 100;
  static constexpr std::size_t kLeasesMax = std::size_t{1} << 22;
  static constexpr std::size_t kBytesMax = std::size_t{1} << 30;

  void add(ImportedLease lease);
  void skip(std::size_t line, std::string why);

  LeaseFile kind{};
  std::vector<ImportedLease> leases;  // one of each address, in order of addresses
  std::vector<ImportProblem> problems;
  std::size_t skipped = 0;
};

// Refused as a whole, in a sentence: a text that is none of the three, or one with too many.
[[nodiscard]] tl::expected<ImportedLeases, std::string> import_leases(std::string_view text);

// What they read, one file each; `to` is theirs to fill.
void read_dhcpd_leases(std::string_view text, ImportedLeases& to);
void read_dnsmasq_leases(std::string_view text, ImportedLeases& to);
void read_kea_leases(std::string_view text, ImportedLeases& to);

}  // namespace reveille
