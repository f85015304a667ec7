#include "store/lease_rows.h"

#include <algorithm>
#include <string_view>

namespace reveille {
namespace {

static_assert(std::ranges::count(std::string_view(kColumns), ',') + 1 == kColumnCount);

constexpr std::int64_t kMacMax = (std::int64_t{1} << 48) - 1;

MacAddress mac_of(std::uint64_t number) {
  MacAddress mac;
  for (int i = 5; i >= 0; --i, number >>= 8) {
    mac.octets[static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(number);
  }
  return mac;
}

RowState state_of(LeaseChange::Kind kind) {
  switch (kind) {
    case LeaseChange::Kind::bound:
      return RowState::bound;
    case LeaseChange::Kind::released:
      return RowState::released;
    case LeaseChange::Kind::expired:
      return RowState::expired;
    case LeaseChange::Kind::declined:
      return RowState::declined;
    case LeaseChange::Kind::conflict:
      return RowState::conflict;
    case LeaseChange::Kind::reserved:
      return RowState::reserved;
  }
  return RowState::released;
}

LeaseChange::Kind kind_of(RowState state) {
  switch (state) {
    case RowState::bound:
      return LeaseChange::Kind::bound;
    case RowState::released:
      return LeaseChange::Kind::released;
    case RowState::expired:
      return LeaseChange::Kind::expired;
    case RowState::declined:
      return LeaseChange::Kind::declined;
    case RowState::conflict:
      return LeaseChange::Kind::conflict;
    case RowState::reserved:
      return LeaseChange::Kind::reserved;
  }
  return LeaseChange::Kind::released;
}

// The client counts from when it got the ACK: rounded up, the row never ends before the lease.
std::int64_t wall_of(Instant at, const StoreTime& time) {
  return time.wall_seconds + std::chrono::ceil<std::chrono::seconds>(at - time.now).count();
}

// Seconds that are left. When the wall clock now shows an earlier time than when the row was
// written, it was set back: what is left is the whole lease, and not more.
std::int64_t seconds_left(const LeaseRow& row, std::int64_t wall_seconds) {
  return std::min(*row.until - wall_seconds, std::max<std::int64_t>(*row.until - row.since, 0));
}

}  // namespace

bool LeaseRow::is_over(std::int64_t wall_seconds) const {
  if (state == RowState::released || state == RowState::expired) return true;
  return until && seconds_left(*this, wall_seconds) <= 0;
}

Stored<LeaseRow> row_of(const Statement& statement) {
  const auto between = [&](int column, std::int64_t least, std::int64_t most) {
    const std::int64_t value = statement.integer(column);
    return statement.is_integer(column) && least <= value && value <= most;
  };
  // Twice the age of the epoch: sums of such times do not overflow.
  constexpr std::int64_t kSecondsMax = std::int64_t{1} << 40;
  const bool is_sound = between(0, 1, 0xffffffff) && between(1, 1, kRowStateMax) &&
                        between(2, 0, 0xffff) && statement.is_integer(3) &&
                        statement.is_integer(4) && between(5, 0, kMacMax) && between(6, 0, 1) &&
                        between(7, -kSecondsMax, kSecondsMax) &&
                        (statement.is_null(8) || between(8, -kSecondsMax, kSecondsMax));
  if (!is_sound) {
    return tl::unexpected("the row of address " + statement.text(0) +
                          " is not one that reveille wrote");
  }
  LeaseRow row;
  row.address = {static_cast<std::uint32_t>(statement.integer(0))};
  row.state = static_cast<RowState>(statement.integer(1));
  row.version = static_cast<std::uint16_t>(statement.integer(2));
  row.client = {static_cast<std::uint64_t>(statement.integer(3)),
                static_cast<std::uint64_t>(statement.integer(4))};
  row.mac = mac_of(static_cast<std::uint64_t>(statement.integer(5)));
  row.bootp = statement.integer(6) != 0;
  row.since = statement.integer(7);
  if (!statement.is_null(8)) row.until = statement.integer(8);
  if (row.state == RowState::bound && row.client.is_nobody()) {
    return tl::unexpected("the row of address " + row.address.text() + " is bound to nobody");
  }
  return row;
}

void bind_row(Statement& statement, const LeaseRow& row, int before) {
  statement.bind(before + 1, std::int64_t{row.address.value});
  statement.bind(before + 2, static_cast<std::int64_t>(row.state));
  statement.bind(before + 3, std::int64_t{row.version});
  statement.bind(before + 4, static_cast<std::int64_t>(row.client.high));
  statement.bind(before + 5, static_cast<std::int64_t>(row.client.low));
  statement.bind(before + 6, static_cast<std::int64_t>(row.mac.number()));
  statement.bind(before + 7, std::int64_t{row.bootp});
  statement.bind(before + 8, row.since);
  if (row.until) {
    statement.bind(before + 9, *row.until);
  } else {
    statement.bind_null(before + 9);
  }
}

LeaseRow row_of(const LeaseChange& change, const StoreTime& time) {
  LeaseRow row;
  row.address = change.address;
  row.state = state_of(change.kind);
  row.version = change.version;
  row.client = change.client;
  row.mac = change.mac;
  row.bootp = change.bootp;
  row.since = time.wall_seconds;
  if (change.kind == LeaseChange::Kind::released) {
    row.until = time.wall_seconds;
  } else if (change.until != Instant::max()) {
    row.until = wall_of(change.until, time);
  }
  return row;
}

LeaseChange change_of(const LeaseRow& row, const StoreTime& time) {
  LeaseChange change;
  change.kind = kind_of(row.state);
  change.bootp = row.bootp;
  change.address = row.address;
  change.client = row.client;
  change.mac = row.mac;
  change.version = row.version;
  change.until = Instant::max();
  if (row.until) {
    // What is over ended before the workers' clock began: their order is kept.
    constexpr std::int64_t kLongest = std::int64_t{1} << 32;
    const std::int64_t left = std::clamp(seconds_left(row, time.wall_seconds), -kLongest, kLongest);
    change.until = time.now + std::chrono::seconds{left};
  }
  const bool ends_by_itself = row.state != RowState::released && row.state != RowState::expired;
  if (ends_by_itself && row.is_over(time.wall_seconds)) change.kind = LeaseChange::Kind::expired;
  return change;
}

std::string_view name(RowState state) {
  switch (state) {
    case RowState::bound:
      return "bound";
    case RowState::released:
      return "released";
    case RowState::expired:
      return "expired";
    case RowState::declined:
      return "declined";
    case RowState::conflict:
      return "conflict";
    case RowState::reserved:
      return "reserved";
  }
  return "unknown";
}

}  // namespace reveille
