#include "policy/architecture.h"

#include <array>

namespace reveille {
namespace {

using enum ArchitectureKind;

constexpr std::array<Architecture, 42> kArchitectures{{
    {0x00, bios, "x86 BIOS"},
    {0x01, bios, "NEC PC-98"},
    {0x02, uefi, "Itanium"},
    {0x03, other, "DEC Alpha"},
    {0x04, other, "Arc x86"},
    {0x05, other, "Intel Lean Client"},
    {0x06, uefi, "x86 UEFI"},
    // RFC 4578 named 7 "EFI BC" and 9 "EFI x86-64". EDK2 took them the other way round and the
    // registry followed it; x64 machines send 7, and some that read the RFC send 9.
    {0x07, uefi, "x64 UEFI"},
    {0x08, uefi, "EFI Xscale"},
    {0x09, uefi, "EBC"},
    {0x0a, uefi, "ARM 32-bit UEFI"},
    {0x0b, uefi, "ARM 64-bit UEFI"},
    {0x0c, other, "PowerPC Open Firmware"},
    {0x0d, other, "PowerPC ePAPR"},
    {0x0e, other, "POWER OPAL v3"},
    {0x0f, http, "x86 UEFI HTTP"},
    {0x10, http, "x64 UEFI HTTP"},
    {0x11, http, "EBC HTTP"},
    {0x12, http, "ARM 32-bit UEFI HTTP"},
    {0x13, http, "ARM 64-bit UEFI HTTP"},
    {0x14, http, "x86 BIOS HTTP"},
    {0x15, other, "ARM 32-bit U-Boot"},
    {0x16, other, "ARM 64-bit U-Boot"},
    {0x17, http, "ARM 32-bit U-Boot HTTP"},
    {0x18, http, "ARM 64-bit U-Boot HTTP"},
    {0x19, uefi, "RISC-V 32-bit UEFI"},
    {0x1a, http, "RISC-V 32-bit UEFI HTTP"},
    {0x1b, uefi, "RISC-V 64-bit UEFI"},
    {0x1c, http, "RISC-V 64-bit UEFI HTTP"},
    {0x1d, uefi, "RISC-V 128-bit UEFI"},
    {0x1e, http, "RISC-V 128-bit UEFI HTTP"},
    {0x1f, other, "s390 Basic"},
    {0x20, other, "s390 Extended"},
    {0x21, uefi, "MIPS 32-bit UEFI"},
    {0x22, uefi, "MIPS 64-bit UEFI"},
    {0x23, uefi, "Sunway 32-bit UEFI"},
    {0x24, uefi, "Sunway 64-bit UEFI"},
    {0x25, uefi, "LoongArch 32-bit UEFI"},
    {0x26, http, "LoongArch 32-bit UEFI HTTP"},
    {0x27, uefi, "LoongArch 64-bit UEFI"},
    {0x28, http, "LoongArch 64-bit UEFI HTTP"},
    {0x29, other, "ARM Raspberry Pi boot"},
}};

constexpr bool codes_are_indices() {
  for (std::size_t i = 0; i < kArchitectures.size(); ++i) {
    if (kArchitectures[i].code != i) return false;
  }
  return true;
}
static_assert(codes_are_indices());

}  // namespace

std::span<const Architecture> architectures() {
  return kArchitectures;
}

const Architecture* find_architecture(std::uint16_t code) {
  return code < kArchitectures.size() ? &kArchitectures[code] : nullptr;
}

std::string_view architecture_name(std::uint16_t code) {
  const Architecture* known = find_architecture(code);
  return known != nullptr ? known->name : "unknown";
}

}  // namespace reveille
