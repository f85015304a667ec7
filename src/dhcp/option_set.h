// A set of DHCP option codes.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>

#include <reveille/wire/dhcp.h>

namespace reveille {

class OptionSet {
 public:
  constexpr OptionSet() = default;
  constexpr OptionSet(std::initializer_list<wire::DhcpOption> codes) {
    for (const wire::DhcpOption code : codes) add(code);
  }

  constexpr void add(wire::DhcpOption code) { word_of(code) |= bit_of(code); }
  constexpr void remove(wire::DhcpOption code) { word_of(code) &= ~bit_of(code); }
  [[nodiscard]] constexpr bool contains(wire::DhcpOption code) const {
    return (words_[static_cast<std::uint8_t>(code) / 64] & bit_of(code)) != 0;
  }

 private:
  constexpr std::uint64_t& word_of(wire::DhcpOption code) {
    return words_[static_cast<std::uint8_t>(code) / 64];
  }
  static constexpr std::uint64_t bit_of(wire::DhcpOption code) {
    return std::uint64_t{1} << (static_cast<std::uint8_t>(code) % 64);
  }

  std::array<std::uint64_t, 4> words_{};
};

}  // namespace reveille
