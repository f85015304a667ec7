#include <algorithm>
#include <cstring>

#include <reveille/wire/ata.h>

namespace reveille::wire {
namespace {

// Words are little-endian, whatever the machine.
void store_word(std::uint8_t* identity, std::size_t word, std::uint64_t value,
                std::size_t words = 1) {
  for (std::size_t i = 0; i < 2 * words; ++i) {
    identity[2 * word + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

// Text has the first of two letters in the upper half of a word.
void store_text(std::uint8_t* identity, std::size_t word, std::size_t length,
                std::string_view text) {
  for (std::size_t i = 0; i < length; ++i) {
    identity[2 * word + (i ^ 1)] = static_cast<std::uint8_t>(i < text.size() ? text[i] : ' ');
  }
}

}  // namespace

void write_ata_identity(std::uint8_t* to, const AtaIdentity& identity) {
  std::memset(to, 0, kSectorSize);
  constexpr std::uint64_t kHeads = 16;
  constexpr std::uint64_t kTrackSectors = 63;
  const std::uint64_t cylinders =
      std::clamp<std::uint64_t>(identity.sectors / (kHeads * kTrackSectors), 1, 16383);
  const std::uint64_t sectors28 = std::min(identity.sectors, kLba28Sectors - 1);

  store_word(to, 0, 0x0040);  // a fixed ATA device
  store_word(to, 1, cylinders);
  store_word(to, 3, kHeads);
  store_word(to, 6, kTrackSectors);
  store_text(to, 10, 20, identity.serial);
  store_text(to, 23, 8, identity.firmware);
  store_text(to, 27, 40, identity.model);
  store_word(to, 49, 0x0200);  // LBA
  store_word(to, 50, 0x4000);  // fixed value of a valid word
  store_word(to, 53, 0x0003);  // words 54 to 58 and 64 to 70 are valid
  store_word(to, 54, cylinders);
  store_word(to, 55, kHeads);
  store_word(to, 56, kTrackSectors);
  store_word(to, 57, cylinders * kHeads * kTrackSectors, 2);
  store_word(to, 60, sectors28, 2);
  store_word(to, 80, 0x00f0);  // ATA/ATAPI-4 to 7
  // 82 to 84: what is supported; 85 to 87: what is enabled. SMART, write cache; then the 48-bit
  // commands and both flushes.
  const std::uint64_t basic = 0x0001 | (identity.write_cache ? 0x0020 : 0);
  constexpr std::uint64_t kLba48AndFlush = 0x3400;
  store_word(to, 82, basic);
  store_word(to, 83, 0x4000 | kLba48AndFlush);
  store_word(to, 84, 0x4000);
  store_word(to, 85, basic);
  store_word(to, 86, kLba48AndFlush);
  store_word(to, 87, 0x4000);
  store_word(to, 93, 0x400b);  // as after a hardware reset of a master device
  store_word(to, 100, identity.sectors, 4);
}

}  // namespace reveille::wire
