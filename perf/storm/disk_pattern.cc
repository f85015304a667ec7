#include "storm/disk_pattern.h"

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace reveille::storm {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::size_t kSector = 512;
constexpr std::size_t kWord = sizeof(std::uint64_t);
constexpr std::uint64_t kStep = 0x9e3779b97f4a7c15;

// No branch within: compilers make vectors of it, as wide as they may.
[[gnu::always_inline]] inline bool compare(std::uint64_t number, const std::uint8_t* sector) {
  std::uint64_t wrong = 0;
  for (std::size_t i = 0; i < kSector / kWord; ++i) {
    std::uint64_t word;
    std::memcpy(&word, sector + i * kWord, kWord);
    wrong |= word ^ (number + i * kStep);
  }
  return wrong == 0;
}

[[gnu::target("avx2")]] bool compare_avx2(std::uint64_t number, const std::uint8_t* sector) {
  return compare(number, sector);
}

}  // namespace

std::uint64_t mixed(std::uint64_t value) {
  value = (value ^ value >> 30) * 0xbf58476d1ce4e5b9;
  value = (value ^ value >> 27) * 0x94d049bb133111eb;
  return value ^ value >> 31;
}

void fill_sector(std::uint64_t number, std::uint8_t* sector) {
  for (std::size_t i = 0; i < kSector / kWord; ++i, number += kStep) {
    std::memcpy(sector + i * kWord, &number, kWord);
  }
}

bool is_filled(std::uint64_t number, const std::uint8_t* sector) {
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  return has_avx2 ? compare_avx2(number, sector) : compare(number, sector);
}

bool looks_like_pattern(Bytes image) {
  if (image.size() < kSector) return false;
  const std::uint64_t last = image.size() / kSector - 1;
  return is_filled(pattern_number(0), image.data()) &&
         is_filled(pattern_number(last), &image[last * kSector]);
}

tl::expected<void, std::string> write_pattern_image(const std::string& path,
                                                    std::uint64_t sectors) {
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  std::array<std::uint8_t, kSector> sector;
  for (std::uint64_t lba = 0; lba < sectors && file; ++lba) {
    fill_sector(pattern_number(lba), sector.data());
    file.write(reinterpret_cast<const char*>(sector.data()), kSector);
  }
  file.close();
  if (!file) return tl::unexpected(path + " cannot be written: " + std::strerror(errno));
  return {};
}

}  // namespace reveille::storm
