// Which addresses the workers have laid out leases for, and what a reload adds to them.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/address.h>

namespace reveille {

// Addresses of one subnet, by its number.
struct PlannedRange {
  Ipv4Address first;
  Ipv4Address last;
  std::uint16_t subnet = 0;
};

// An address is laid out once and for all, in the shard of one worker; from there it moves by
// messages only. So a plan remembers every address that any configuration since the start has
// had: one that leaves the pools and comes back is still in some shard, and is not dealt out
// again. Control's; immutable in a snapshot.
class AddressPlan {
 public:
  // What reloads may add until a restart: workers take the memory at start.
  static constexpr std::uint32_t kSpareAddresses = 4096;
  static constexpr std::size_t kSpareGroups = 256;
  // Of addresses that the store knows a lease of which no worker was told at the start, because no
  // pool had them: nobody is lent them before a restart, which reads that lease.
  static constexpr std::uint16_t kOnRecord = std::numeric_limits<std::uint16_t>::max();

  // Of the start. In any order; what several have counts as the first one's.
  explicit AddressPlan(std::vector<PlannedRange> known = {});

  // This plan, and of these addresses that leases of theirs are on record.
  [[nodiscard]] AddressPlan knowing(std::span<const Ipv4Address> recorded) const;
  // This plan and what `wanted`, disjoint, has beyond it. The error says why that cannot be.
  [[nodiscard]] tl::expected<AddressPlan, std::string> with(std::vector<PlannedRange> wanted) const;

  // All since the start, in their order: those of an earlier plan come first.
  [[nodiscard]] const std::vector<PlannedRange>& additions() const { return additions_; }
  // How many of the addresses that were asked for last wait for a restart: see kOnRecord.
  [[nodiscard]] std::uint64_t on_record() const { return on_record_; }

 private:
  bool add(std::uint64_t first, std::uint64_t end, std::uint16_t subnet);

  std::vector<PlannedRange> known_;  // disjoint, by their first address
  std::vector<PlannedRange> additions_;
  std::uint64_t added_ = 0;  // addresses
  std::uint64_t on_record_ = 0;
};

}  // namespace reveille
