// The clocks that a lease database needs: people's, and one that nobody can set.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include <reveille/instant.h>

namespace reveille {

// One reading of all clocks.
struct StoreTime {
  Instant now{};                // the workers' clock
  std::int64_t wall_seconds{};  // of the epoch; people and NTP may set it
  std::int64_t boot_seconds{};  // since this machine booted; nobody can set it
};

// `wall - boot` changes only when somebody sets the wall clock.
struct StoreClock {
  std::function<StoreTime()> read;
  std::string boot_id;  // tells one boot from the next
};

// The machine's clocks, with `now` for the workers'.
[[nodiscard]] StoreClock machine_clock(std::function<Instant()> now);

}  // namespace reveille
