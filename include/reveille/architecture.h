// Names for client architectures: option 93, the IANA registry "Processor Architecture Types"
// (RFC 5970, section 3.3).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace reveille {

struct ArchitectureName {
  std::uint16_t code = 0;
  std::string_view name;  // as it is written in [boot] files and in the log
};

// The registry's codes. 7 is x64 and 9 is EBC, as the registry and all firmware have it; the
// table in RFC 4578 names them the other way round (its erratum 4625).
inline constexpr std::array<ArchitectureName, 42> kArchitectureNames{{
    {0, "x86-bios"},
    {1, "pc98"},
    {2, "itanium"},
    {3, "alpha"},
    {4, "arc-x86"},
    {5, "lean-client"},
    {6, "x86-uefi"},
    {7, "x64-uefi"},
    {8, "xscale-uefi"},
    {9, "ebc-uefi"},
    {10, "arm32-uefi"},
    {11, "arm64-uefi"},
    {12, "powerpc-open-firmware"},
    {13, "powerpc-epapr"},
    {14, "power-opal"},
    {15, "x86-uefi-http"},
    {16, "x64-uefi-http"},
    {17, "ebc-uefi-http"},
    {18, "arm32-uefi-http"},
    {19, "arm64-uefi-http"},
    {20, "x86-bios-http"},
    {21, "arm32-uboot"},
    {22, "arm64-uboot"},
    {23, "arm32-uboot-http"},
    {24, "arm64-uboot-http"},
    {25, "riscv32-uefi"},
    {26, "riscv32-uefi-http"},
    {27, "riscv64-uefi"},
    {28, "riscv64-uefi-http"},
    {29, "riscv128-uefi"},
    {30, "riscv128-uefi-http"},
    {31, "s390-basic"},
    {32, "s390-extended"},
    {33, "mips32-uefi"},
    {34, "mips64-uefi"},
    {35, "sunway32-uefi"},
    {36, "sunway64-uefi"},
    {37, "loongarch32-uefi"},
    {38, "loongarch32-uefi-http"},
    {39, "loongarch64-uefi"},
    {40, "loongarch64-uefi-http"},
    {41, "arm-rpiboot"},
}};

// Empty for codes that are not registered: serve them all the same.
[[nodiscard]] constexpr std::string_view architecture_name(std::uint16_t code) {
  return code < kArchitectureNames.size() ? kArchitectureNames[code].name : std::string_view{};
}

[[nodiscard]] constexpr std::optional<std::uint16_t> architecture_code(std::string_view name) {
  for (const ArchitectureName& known : kArchitectureNames) {
    if (known.name == name) return known.code;
  }
  return std::nullopt;
}

static_assert(architecture_name(7) == "x64-uefi" && architecture_code("arm-rpiboot") == 41);

}  // namespace reveille
