// Sectors that follow from a number, so that who checks one reads no memory but the sector.
//
// At millions of reads a second the comparison with an image that is larger than the caches is most
// of what a swarm does. An image of these sectors is as random for a target as any other.
#pragma once

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

#include <reveille/bytes.h>

namespace reveille::storm {

// SplitMix64: other numbers, other bits.
[[nodiscard]] std::uint64_t mixed(std::uint64_t value);

// A sector has 64 words of eight octets, little-endian: `number`, and each other one more than the
// one before by an odd constant. `sector` has 512 octets.
void fill_sector(std::uint64_t number, std::uint8_t* sector);
[[nodiscard]] bool is_filled(std::uint64_t number, const std::uint8_t* sector);

// Whose sector this is in an image of them.
[[nodiscard]] inline std::uint64_t pattern_number(std::uint64_t lba) {
  return mixed(lba + 1);
}
// The first sector and the last one are such an image's. Whole sectors.
[[nodiscard]] bool looks_like_pattern(Bytes image);
// Writes an image of so many sectors in place of `path`. The error is a sentence.
[[nodiscard]] tl::expected<void, std::string> write_pattern_image(const std::string& path,
                                                                  std::uint64_t sectors);

}  // namespace reveille::storm
