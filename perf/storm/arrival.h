// When machines are switched on.
#pragma once

#include <cmath>
#include <cstdint>

#include <reveille/instant.h>

namespace reveille::storm {

struct Arrival {
  enum class Kind : std::uint8_t {
    together,  // all at once
    steady,    // evenly over `within`
    ramp,      // ever faster over `within`, from nothing to twice the mean rate
    closed,    // `outstanding` at a time: the next one when one has finished
  };
  Kind kind = Kind::together;
  Nanoseconds within{};
  std::uint32_t outstanding = 0;

  // After the start of the storm. Not for Kind::closed.
  [[nodiscard]] Nanoseconds of(std::uint64_t machine, std::uint64_t machines) const {
    const double share = static_cast<double>(machine) / static_cast<double>(machines);
    switch (kind) {
      case Kind::steady:
        return Nanoseconds{std::llround(static_cast<double>(within.count()) * share)};
      case Kind::ramp:
        return Nanoseconds{std::llround(static_cast<double>(within.count()) * std::sqrt(share))};
      case Kind::together:
      case Kind::closed:
        break;
    }
    return Nanoseconds{0};
  }
};

}  // namespace reveille::storm
