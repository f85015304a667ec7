// The part of ATA that network disks speak: ATA/ATAPI-7, volume 1 (T13/1532D), 28-bit and 48-bit
// addresses, sectors of 512 octets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <reveille/bytes.h>

namespace reveille::wire {

inline constexpr std::size_t kSectorSize = 512;
inline constexpr std::uint64_t kLba28Sectors = std::uint64_t{1} << 28;
inline constexpr std::uint64_t kLba48Sectors = std::uint64_t{1} << 48;

enum class AtaCommand : std::uint8_t {
  read_sectors = 0x20,
  read_sectors_ext = 0x24,
  write_sectors = 0x30,
  write_sectors_ext = 0x34,
  smart = 0xb0,
  check_power_mode = 0xe5,
  flush_cache = 0xe7,
  flush_cache_ext = 0xea,
  identify_device = 0xec,
};

// The status register.
inline constexpr std::uint8_t kAtaError = 0x01;
inline constexpr std::uint8_t kAtaDeviceFault = 0x20;
inline constexpr std::uint8_t kAtaReady = 0x40;
// The error register.
inline constexpr std::uint8_t kAtaAborted = 0x04;
inline constexpr std::uint8_t kAtaIdNotFound = 0x10;
inline constexpr std::uint8_t kAtaUncorrectable = 0x40;

// SMART: the feature that asks for the verdict, the key that it wants in LBA 8 to 23, and the
// verdict itself, which comes back there (6.54.7). The same value means that all is well.
inline constexpr std::uint8_t kSmartEnable = 0xd8;
inline constexpr std::uint8_t kSmartDisable = 0xd9;
inline constexpr std::uint8_t kSmartReturnStatus = 0xda;
inline constexpr std::uint64_t kSmartKey = 0xc24f00;

// What IDENTIFY DEVICE tells (6.17). Texts are cut or padded to their fields.
struct AtaIdentity {
  std::uint64_t sectors = 0;
  std::string_view serial;    // 20 octets
  std::string_view firmware;  // 8
  std::string_view model;     // 40
  bool write_cache = false;   // a write is safe only after a flush
};

// Writes 512 octets.
void write_ata_identity(std::uint8_t* to, const AtaIdentity& identity);

}  // namespace reveille::wire
