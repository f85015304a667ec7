#include "image/prefix_sums.h"

#include <algorithm>
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

// Ones for the first bytes of a block: those that count begin at kMask[kBlockSize - count].
constexpr auto kMask = [] {
  std::array<std::uint8_t, 2 * PrefixSums::kBlockSize> mask{};
  for (std::size_t i = 0; i < PrefixSums::kBlockSize; ++i) mask[i] = 0xff;
  return mask;
}();

// Without a branch on `count`, which no predictor could learn: reads the whole block.
std::uint64_t sum_of_start(const std::uint8_t* block, std::size_t count) {
  std::array<std::uint32_t, PrefixSums::kBlockSize / 4> words;
  std::array<std::uint32_t, PrefixSums::kBlockSize / 4> mask;
  std::memcpy(words.data(), block, sizeof words);
  std::memcpy(mask.data(), &kMask[PrefixSums::kBlockSize - count], sizeof mask);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < words.size(); ++i) sum += words[i] & mask[i];
  return sum;
}

// The sum of the first `count` < 64 bytes of `from`, which has at least so many.
std::uint64_t sum_of_rest(Bytes from, std::size_t count) {
  if (from.size() >= PrefixSums::kBlockSize) return sum_of_start(from.data(), count);
  std::array<std::uint8_t, PrefixSums::kBlockSize> rest{};
  std::copy_n(from.begin(), count, rest.begin());
  return sum_of_block(rest.data());
}

}  // namespace

PrefixSums::PrefixSums(std::uint64_t size) {
  sums_.reserve(size / kBlockSize + 1);
  for (std::size_t i = 0; i < kStrides.size(); ++i) {
    strides_[i].reserve(size / kStrides[i] + 1);
    strides_[i].push_back(0);
  }
}

void PrefixSums::append(Bytes part) {
  const std::size_t blocks = part.size() / kBlockSize;
  const std::uint64_t offset = std::uint64_t{sums_.size() - 1} * kBlockSize;
  std::uint16_t sum = sums_.back();
  for (std::size_t i = 0; i < blocks; ++i) {
    sum = wire::fold(sum + sum_of_block(part.data() + i * kBlockSize));
    sums_.push_back(sum);
  }
  for (std::size_t i = 0; i < kStrides.size(); ++i) {
    std::vector<std::uint16_t>& stride = strides_[i];
    for (;;) {
      const std::uint64_t end = stride.size() * kStrides[i];
      if (end > offset + part.size()) break;
      const std::uint64_t start = end / kBlockSize * kBlockSize;
      stride.push_back(wire::fold(sums_[end / kBlockSize] +
                                  sum_of_rest(part.subspan(start - offset), end - start)));
    }
  }
}

const std::uint16_t* PrefixSums::strides(std::uint32_t stride) const {
  const auto known = std::ranges::find(kStrides, stride);
  if (known == kStrides.end()) return nullptr;
  return strides_[static_cast<std::size_t>(known - kStrides.begin())].data();
}

// The sum of the first `end` bytes.
std::uint16_t PrefixSums::before(Bytes whole, std::uint64_t end) const {
  const std::uint64_t block = end / kBlockSize;
  const std::size_t rest_size = end % kBlockSize;
  if (rest_size == 0) return sums_[block];
  return wire::fold(sums_[block] + sum_of_rest(whole.subspan(block * kBlockSize), rest_size));
}

std::uint16_t PrefixSums::sum(Bytes whole, std::uint64_t offset, std::uint32_t length) const {
  assert(offset + length <= whole.size());
  if (length == 0) return 0;
  return between(before(whole, offset), before(whole, offset + length), offset);
}

}  // namespace reveille
