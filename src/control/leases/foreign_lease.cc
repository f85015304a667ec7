#include "control/leases/foreign_lease.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>

#include <nlohmann/json.hpp>

#include "dhcp/client_key.h"
#include "store/import/import_text.h"
#include "store/lease_rows.h"

namespace reveille {
namespace {

ClientKey key_of(const ImportedLease& lease, const ForeignTerms& terms) {
  const bool has_id = !lease.client_id.empty();
  if (has_id && (terms.identity == Identity::client_id || lease.mac.is_zero())) {
    return client_id_key_of(lease.client_id, terms.key_seed);
  }
  return lease.mac.is_zero() ? ClientKey{} : ethernet_key_of(lease.mac);
}

LeaseChange::Kind kind_of(RowState state) {
  switch (state) {
    case RowState::bound:
      return LeaseChange::Kind::bound;
    case RowState::declined:
      return LeaseChange::Kind::declined;
    case RowState::expired:
      return LeaseChange::Kind::expired;
    default:
      return LeaseChange::Kind::released;
  }
}

Instant until_of(const ImportedLease& lease, const ForeignTerms& terms) {
  if (!lease.until) return Instant::max();
  // Further away than anybody lives; the sum stays inside the clock.
  constexpr std::int64_t kLongest = std::int64_t{1} << 32;
  const std::int64_t left = std::clamp(*lease.until - terms.wall_seconds, -kLongest, kLongest);
  return terms.now + std::chrono::seconds{left};
}

constexpr std::array kStates{RowState::bound, RowState::released, RowState::expired,
                             RowState::declined};

std::optional<RowState> state_of(const std::string& word) {
  const auto* const found = std::ranges::find(kStates, word, [](RowState s) { return name(s); });
  return found == kStates.end() ? std::nullopt : std::optional(*found);
}

bool is_text(const nlohmann::json& word) {
  return word.is_string();
}

}  // namespace

tl::expected<LeaseChange, std::string> change_of(const ImportedLease& lease,
                                                 const ForeignTerms& terms) {
  LeaseChange change{.kind = kind_of(lease.state),
                     .address = lease.address,
                     .client = key_of(lease, terms),
                     .until = until_of(lease, terms),
                     .mac = lease.mac,
                     .version = 1};
  if (change.kind == LeaseChange::Kind::declined) change.client = {};
  const bool ends =
      change.kind == LeaseChange::Kind::bound || change.kind == LeaseChange::Kind::declined;
  if (ends && change.until <= terms.now) change.kind = LeaseChange::Kind::expired;
  if (change.kind == LeaseChange::Kind::bound && change.client.is_nobody()) {
    return tl::unexpected("the lease of " + lease.address.text() + " names no client");
  }
  return change;
}

nlohmann::json words_of(const ImportedLease& lease) {
  std::string id;
  for (const std::uint8_t octet : lease.client_id) {
    id += fmt::format("{}{:02x}", id.empty() ? "" : ":", octet);
  }
  return nlohmann::json::array(
      {lease.address.text(), name(lease.state), lease.mac.is_zero() ? "" : lease.mac.text(),
       lease.until ? nlohmann::json(*lease.until) : nlohmann::json(nullptr), id});
}

tl::expected<ImportedLease, std::string> foreign_lease_of(const nlohmann::json& words) {
  const auto refuse = [](const char* what) { return tl::unexpected(std::string(what)); };
  const bool is_shaped = words.is_array() && words.size() == 5 && is_text(words[0]) &&
                         is_text(words[1]) && is_text(words[2]) &&
                         (words[3].is_null() || words[3].is_number_integer()) && is_text(words[4]);
  if (!is_shaped) return refuse("a lease is [address, state, MAC, end, client-id]");
  ImportedLease lease;
  const auto address = lease_file::parse_lease_address(words[0].get<std::string>());
  if (!address) return refuse("its address cannot be a machine's");
  lease.address = *address;
  const auto state = state_of(words[1].get<std::string>());
  if (!state) return refuse("its state is not bound, released, expired or declined");
  lease.state = *state;
  if (const auto text = words[2].get<std::string>(); !text.empty()) {
    const auto mac = MacAddress::parse(text);
    if (!mac) return refuse("it has no valid MAC address");
    lease.mac = *mac;
  }
  if (!words[3].is_null()) {
    // Those of lease files end there.
    constexpr std::int64_t kMost = std::int64_t{1} << 41;
    const bool is_large = words[3].is_number_unsigned() &&
                          words[3].get<std::uint64_t>() > static_cast<std::uint64_t>(kMost);
    const auto until = is_large ? -1 : words[3].get<std::int64_t>();
    if (until < 0) return refuse("its end is no time");
    lease.until = until;
  }
  if (const auto text = words[4].get<std::string>(); !text.empty()) {
    auto id = lease_file::parse_octets(text);
    if (!id) return refuse("its client-id is not 1 to 255 octets in hexadecimal");
    lease.client_id = std::move(*id);
  }
  return lease;
}

}  // namespace reveille
