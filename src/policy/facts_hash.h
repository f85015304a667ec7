// A number for facts, to tell whether they are still the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <reveille/bytes.h>

namespace reveille {

// 64 bits from any octets, one or two nanoseconds for each field: multiply, and fold the upper half
// of the product into the lower one. A product with 0 forgets everything before it, so both of its
// factors hang on the seed: while that is secret, strangers cannot choose octets that do this. The
// order of the calls counts. A fresh one is cheaper to copy than to make.
class FactsHash {
 public:
  explicit FactsHash(std::uint64_t seed)
      : one_(fold(seed ^ kOne, kTwo)), two_(fold(seed ^ kTwo, kThree)), state_(seed ^ kOne) {}

  void add(std::uint64_t first, std::uint64_t second) {
    state_ = fold(state_ ^ first, two_ ^ second);
  }
  void add(Bytes octets) {
    const std::uint8_t* at = octets.data();
    std::size_t left = octets.size();
    std::uint64_t state = state_ ^ (left * kThree);
    for (; left > 16; left -= 16, at += 16) state = fold(load8(at) ^ state, load8(at + 8) ^ one_);
    std::uint64_t low = 0;
    std::uint64_t high = 0;
    if (left >= 8) {  // the two halves may overlap: the length has been counted
      low = load8(at);
      high = load8(at + left - 8);
    } else if (left >= 4) {
      low = load4(at);
      high = load4(at + left - 4);
    } else if (left > 0) {
      low = at[0] | std::uint64_t{at[left / 2]} << 8 | std::uint64_t{at[left - 1]} << 16;
    }
    state_ = fold(low ^ state, high ^ two_);
  }
  [[nodiscard]] std::uint64_t value() const { return fold(state_, kThree); }
  // The same together with the value of another one. Two that know nothing of each other are made
  // at the same time: each waits for its own multiplications only.
  [[nodiscard]] std::uint64_t value_with(std::uint64_t other) const {
    return fold(state_ ^ one_, other ^ two_);
  }

 private:
  static constexpr std::uint64_t kOne = 0xa0761d6478bd642fULL;
  static constexpr std::uint64_t kTwo = 0xe7037ed1a0b428dbULL;
  static constexpr std::uint64_t kThree = 0x8ebc6af09c88c6e3ULL;

  static std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
    __extension__ using Wide = unsigned __int128;
    const Wide product = static_cast<Wide>(a) * b;
    return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  static std::uint64_t load8(const std::uint8_t* from) {
    std::uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
  static std::uint64_t load4(const std::uint8_t* from) {
    std::uint32_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }

  std::uint64_t one_;
  std::uint64_t two_;
  std::uint64_t state_;
};

}  // namespace reveille
