// Bytes as they travel: read-only and writable spans, and big-endian integers.
//
// A BigEndian value never converts to a host integer by itself: ask for host().
#pragma once

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>

namespace reveille {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

namespace detail {
template <std::unsigned_integral T>
constexpr T swap_if_little(T value) {
  if constexpr (sizeof(T) == 1 || std::endian::native == std::endian::big) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return static_cast<T>(__builtin_bswap16(value));
  } else if constexpr (sizeof(T) == 4) {
    return static_cast<T>(__builtin_bswap32(value));
  } else {
    return static_cast<T>(__builtin_bswap64(value));
  }
}
}  // namespace detail

// An integer in network order, for packed headers.
template <std::unsigned_integral T>
class BigEndian {
 public:
  constexpr BigEndian() = default;
  constexpr explicit BigEndian(T host_value) : raw_(detail::swap_if_little(host_value)) {}

  [[nodiscard]] constexpr T host() const { return detail::swap_if_little(raw_); }
  constexpr bool operator==(const BigEndian&) const = default;

 private:
  T raw_ = 0;
};

using Be16 = BigEndian<std::uint16_t>;
using Be32 = BigEndian<std::uint32_t>;
using Be64 = BigEndian<std::uint64_t>;

static_assert(sizeof(Be16) == 2 && sizeof(Be32) == 4 && sizeof(Be64) == 8);
static_assert(Be16{0x1234}.host() == 0x1234);

// Unaligned loads and stores in network order. The caller has checked the length.
[[nodiscard]] inline std::uint16_t load_be16(const std::uint8_t* from) {
  std::uint16_t raw;
  std::memcpy(&raw, from, sizeof raw);
  return detail::swap_if_little(raw);
}
[[nodiscard]] inline std::uint32_t load_be32(const std::uint8_t* from) {
  std::uint32_t raw;
  std::memcpy(&raw, from, sizeof raw);
  return detail::swap_if_little(raw);
}
[[nodiscard]] inline std::uint64_t load_be64(const std::uint8_t* from) {
  std::uint64_t raw;
  std::memcpy(&raw, from, sizeof raw);
  return detail::swap_if_little(raw);
}
inline void store_be16(std::uint8_t* to, std::uint16_t value) {
  const std::uint16_t raw = detail::swap_if_little(value);
  std::memcpy(to, &raw, sizeof raw);
}
inline void store_be32(std::uint8_t* to, std::uint32_t value) {
  const std::uint32_t raw = detail::swap_if_little(value);
  std::memcpy(to, &raw, sizeof raw);
}
inline void store_be64(std::uint8_t* to, std::uint64_t value) {
  const std::uint64_t raw = detail::swap_if_little(value);
  std::memcpy(to, &raw, sizeof raw);
}

}  // namespace reveille
