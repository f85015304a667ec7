// The two times of a lease before its end.
#pragma once

#include <cstdint>

#include "dhcp/lease.h"

namespace reveille {

// RFC 2131 4.4.5: the client asks its server at half of the lease (T1), anybody at seven eighths
// (T2). Seconds; a lease for ever has neither.
[[nodiscard]] constexpr std::uint32_t renewal_seconds(std::uint32_t lease) {
  return lease == kForEver ? lease : lease / 2;
}
[[nodiscard]] constexpr std::uint32_t rebinding_seconds(std::uint32_t lease) {
  return lease == kForEver ? lease : static_cast<std::uint32_t>(std::uint64_t{lease} * 7 / 8);
}

}  // namespace reveille
