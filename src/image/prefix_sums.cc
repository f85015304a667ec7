#include "image/prefix_sums.h"

#include <array>
#include <cassert>
#include <cstring>

#include <reveille/wire/checksum.h>

namespace reveille {

namespace {

// Words are added as they lie in memory and swapped once at the end: RFC 1071, section 2 (B).
std::uint64_t sum_of_block(const std::uint8_t* block) {
  std::array<std::uint32_t, PrefixSums::kBlockSize / 4> words;
  std::memcpy(words.data(), block, sizeof words);
  std::uint64_t sum = 0;
  for (const std::uint32_t word : words) sum += word;
  return sum;
}

}  // namespace

PrefixSums::PrefixSums(std::uint64_t size) {
  sums_.reserve(size / kBlockSize + 1);
}

void PrefixSums::append(Bytes part) {
  const std::size_t blocks = part.size() / kBlockSize;
  std::uint16_t sum = sums_.back();
  for (std::size_t i = 0; i < blocks; ++i) {
    sum = wire::fold(sum + sum_of_block(part.data() + i * kBlockSize));
    sums_.push_back(sum);
  }
}

// The sum of the first `end` bytes, in the byte order of this machine.
std::uint16_t PrefixSums::before(Bytes whole, std::uint64_t end) const {
  const std::uint64_t block = end / kBlockSize;
  std::array<std::uint8_t, kBlockSize> rest{};
  const std::size_t rest_size = end % kBlockSize;
  if (rest_size != 0) std::memcpy(rest.data(), whole.data() + block * kBlockSize, rest_size);
  return wire::fold(sums_[block] + sum_of_block(rest.data()));
}

std::uint16_t PrefixSums::sum(Bytes whole, std::uint64_t offset, std::uint32_t length) const {
  assert(offset + length <= whole.size());
  if (length == 0) return 0;
  const auto inverse = static_cast<std::uint16_t>(~before(whole, offset));
  const std::uint16_t sum = wire::add(before(whole, offset + length), inverse);
  const std::uint16_t from_even = load_be16(reinterpret_cast<const std::uint8_t*>(&sum));
  return offset % 2 == 0 ? from_even : wire::at_odd_offset(from_even);
}

}  // namespace reveille
