// Values as people write them, in the file and on the command line: durations, sizes, pools,
// bytes in hexadecimal. Each parser takes the whole text or nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <reveille/config.h>

namespace reveille {

// "90s", "500 ms", "10m" or "10min", "1h", "2d". No sign, no fraction.
[[nodiscard]] std::optional<Nanoseconds> parse_duration(std::string_view text);
// The largest unit that says it exactly: "1h", "90s", "500ms".
[[nodiscard]] std::string duration_text(Nanoseconds duration);

// "4 GiB", "512MiB", "100 kB", "4096" (bytes).
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
// "4 GiB", "35 MiB", "812 B": rounded down to the unit.
[[nodiscard]] std::string size_text(std::uint64_t bytes);

// "10.77.1.0-10.77.255.254", or one address. The order is not checked here.
[[nodiscard]] std::optional<PoolConfig> parse_pool(std::string_view text);
[[nodiscard]] std::string pool_text(const PoolConfig& pool);
// How many addresses a pool has; its order has been checked.
[[nodiscard]] inline std::uint64_t pool_size(const PoolConfig& pool) {
  return std::uint64_t{pool.last.value} - pool.first.value + 1;
}

// Pairs of hexadecimal digits, with ':', '-' or spaces between them or nothing: "01:52:54:00".
// At least one octet.
[[nodiscard]] std::optional<std::vector<std::uint8_t>> parse_hex(std::string_view text);

// 65279 as "65 279".
[[nodiscard]] std::string count_text(std::uint64_t count);

}  // namespace reveille
