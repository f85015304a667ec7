// What machine it is that boots: the codes of DHCP option 93.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace reveille {

enum class ArchitectureKind : std::uint8_t {
  bios,   // PXE of a PC BIOS
  uefi,   // PXE of UEFI
  http,   // fetches a URL by itself, whatever the processor
  other,  // Open Firmware, U-Boot, S/390 and the like
};

struct Architecture {
  std::uint16_t code;
  ArchitectureKind kind;
  std::string_view name;
};

// The codes with names of their own; other modules may rely on these numbers.
inline constexpr std::uint16_t kArchitectureBios = 0x0000;
inline constexpr std::uint16_t kArchitectureX64Uefi = 0x0007;
inline constexpr std::uint16_t kArchitectureRaspberryPi = 0x0029;

// IANA, "Dynamic Host Configuration Protocol for IPv6 (DHCPv6) Parameters", table "Processor
// Architecture Types" (RFC 5970 3.3, which took over the table of RFC 4578 2.1), whole, by code.
[[nodiscard]] std::span<const Architecture> architectures();

// nullptr: a code that the registry does not have.
[[nodiscard]] const Architecture* find_architecture(std::uint16_t code);

// "x64 UEFI"; "unknown" for codes that the registry does not have.
[[nodiscard]] std::string_view architecture_name(std::uint16_t code);

}  // namespace reveille
