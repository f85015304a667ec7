#include "policy/candidates.h"

#include <algorithm>
#include <array>

#include "policy/architecture.h"

namespace reveille {
namespace {

using Names = std::span<const std::string_view>;

// In each list: iPXE on the firmware's own network driver, iPXE with drivers of its own, then
// what needs no iPXE. The firmware's driver works on every machine that could ask at all.
// grub-mknetdir makes boot/grub/<platform>/core.*; distributions ship the *net* names.

constexpr std::string_view kBios[] = {
    "undionly.kpxe",
    "undionly.kkpxe",
    "undionly.pxe",
    "ipxe.pxe",
    "ipxe.kpxe",
    "ipxe.kkpxe",
    "ipxe/undionly.kpxe",
    "ipxe/ipxe.pxe",
    "lpxelinux.0",
    "pxelinux.0",
    "bios/lpxelinux.0",
    "bios/pxelinux.0",
    "syslinux/pxelinux.0",
    "pxelinux/pxelinux.0",
    "boot/grub/i386-pc/core.0",
    "grub/i386-pc/core.0",
    "i386-pc/core.0",
    "boot/grub2/i386-pc/core.0",
    "core.0",
    "grldr",
};
constexpr std::string_view kX64Uefi[] = {
    "snponly.efi",
    "ipxe.efi",
    "ipxe-x86_64.efi",
    "snponly-x86_64.efi",
    "snp.efi",
    "ipxe/snponly.efi",
    "ipxe/ipxe.efi",
    "x86_64-efi/snponly.efi",
    "x86_64-efi/ipxe.efi",
    "shimx64.efi",
    "shimx64.efi.signed",
    "shim.efi",
    "bootx64.efi",
    "BOOTX64.EFI",
    "bootnetx64.efi",
    "EFI/BOOT/BOOTX64.EFI",
    "efi/boot/bootx64.efi",
    "grubx64.efi",
    "grubnetx64.efi",
    "grubnetx64.efi.signed",
    "grub.efi",
    "boot/grub/x86_64-efi/core.efi",
    "grub/x86_64-efi/core.efi",
    "x86_64-efi/core.efi",
    "boot/grub2/x86_64-efi/core.efi",
    "core.efi",
    "syslinux.efi",
    "efi64/syslinux.efi",
    "syslinux/efi64/syslinux.efi",
    "systemd-bootx64.efi",
    "bootmgfw.efi",
};
constexpr std::string_view kX86Uefi[] = {
    "snponly-i386.efi",
    "ipxe-i386.efi",
    "snponly32.efi",
    "ipxe32.efi",
    "i386-efi/snponly.efi",
    "i386-efi/ipxe.efi",
    "shimia32.efi",
    "bootia32.efi",
    "BOOTIA32.EFI",
    "bootnetia32.efi",
    "EFI/BOOT/BOOTIA32.EFI",
    "efi/boot/bootia32.efi",
    "grubia32.efi",
    "grubnetia32.efi",
    "boot/grub/i386-efi/core.efi",
    "grub/i386-efi/core.efi",
    "i386-efi/core.efi",
    "syslinux32.efi",
    "efi32/syslinux.efi",
    "syslinux/efi32/syslinux.efi",
};
constexpr std::string_view kArm64Uefi[] = {
    "snponly-arm64.efi",
    "ipxe-arm64.efi",
    "ipxe-aarch64.efi",
    "arm64-efi/snponly.efi",
    "arm64-efi/ipxe.efi",
    "shimaa64.efi",
    "shimaa64.efi.signed",
    "bootaa64.efi",
    "BOOTAA64.EFI",
    "bootnetaa64.efi",
    "EFI/BOOT/BOOTAA64.EFI",
    "efi/boot/bootaa64.efi",
    "grubaa64.efi",
    "grubnetaa64.efi",
    "grubnetaa64.efi.signed",
    "boot/grub/arm64-efi/core.efi",
    "grub/arm64-efi/core.efi",
    "arm64-efi/core.efi",
    "systemd-bootaa64.efi",
};
constexpr std::string_view kArm32Uefi[] = {
    "snponly-arm32.efi",     "ipxe-arm32.efi",       "arm32-efi/snponly.efi",
    "arm32-efi/ipxe.efi",    "bootarm.efi",          "BOOTARM.EFI",
    "bootnetarm.efi",        "EFI/BOOT/BOOTARM.EFI", "efi/boot/bootarm.efi",
    "grubarm.efi",           "grubnetarm.efi",       "boot/grub/arm-efi/core.efi",
    "grub/arm-efi/core.efi", "arm-efi/core.efi",
};
constexpr std::string_view kRiscv64Uefi[] = {
    "snponly-riscv64.efi",       "ipxe-riscv64.efi",         "riscv64-efi/snponly.efi",
    "riscv64-efi/ipxe.efi",      "bootriscv64.efi",          "BOOTRISCV64.EFI",
    "bootnetriscv64.efi",        "EFI/BOOT/BOOTRISCV64.EFI", "efi/boot/bootriscv64.efi",
    "grubriscv64.efi",           "grubnetriscv64.efi",       "boot/grub/riscv64-efi/core.efi",
    "grub/riscv64-efi/core.efi", "riscv64-efi/core.efi",
};
constexpr std::string_view kRiscv32Uefi[] = {
    "snponly-riscv32.efi", "ipxe-riscv32.efi",         "riscv32-efi/snponly.efi", "bootriscv32.efi",
    "BOOTRISCV32.EFI",     "EFI/BOOT/BOOTRISCV32.EFI", "grubriscv32.efi",
};
constexpr std::string_view kRiscv128Uefi[] = {
    "bootriscv128.efi",
    "BOOTRISCV128.EFI",
    "EFI/BOOT/BOOTRISCV128.EFI",
};
constexpr std::string_view kLoongarch64Uefi[] = {
    "snponly-loong64.efi",           "ipxe-loong64.efi",
    "loong64-efi/snponly.efi",       "loong64-efi/ipxe.efi",
    "bootloongarch64.efi",           "BOOTLOONGARCH64.EFI",
    "EFI/BOOT/BOOTLOONGARCH64.EFI",  "efi/boot/bootloongarch64.efi",
    "grubloongarch64.efi",           "boot/grub/loongarch64-efi/core.efi",
    "grub/loongarch64-efi/core.efi", "loongarch64-efi/core.efi",
};
constexpr std::string_view kLoongarch32Uefi[] = {
    "bootloongarch32.efi",
    "BOOTLOONGARCH32.EFI",
    "EFI/BOOT/BOOTLOONGARCH32.EFI",
};
constexpr std::string_view kItanium[] = {
    "bootia64.efi",
    "BOOTIA64.EFI",
    "EFI/BOOT/BOOTIA64.EFI",
    "elilo.efi",
    "boot/grub/ia64-efi/core.efi",
};
constexpr std::string_view kOpenFirmware[] = {
    "boot/grub/powerpc-ieee1275/core.elf",
    "boot/grub2/powerpc-ieee1275/core.elf",
    "grub/powerpc-ieee1275/core.elf",
    "powerpc-ieee1275/core.elf",
    "core.elf",
    "yaboot",
};
constexpr std::string_view kUBoot[] = {
    "boot.scr.uimg",
    "boot.scr",
};
// The ROM of a Raspberry Pi asks for these by itself, whatever name it is told.
constexpr std::string_view kRaspberryPi[] = {
    "bootcode.bin",
    "start4.elf",
    "start.elf",
};
constexpr std::string_view kScripts[] = {
    "boot.ipxe",    "menu.ipxe",      "autoexec.ipxe",  "default.ipxe",
    "netboot.ipxe", "ipxe/boot.ipxe", "ipxe/menu.ipxe",
};

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

bool same(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}
bool begins(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && same(text.substr(0, with.size()), with);
}
bool ends(std::string_view text, std::string_view with) {
  return text.size() >= with.size() && same(text.substr(text.size() - with.size()), with);
}
std::string_view last_part(std::string_view file) {
  const std::size_t slash = file.find_last_of("/\\");
  return slash == std::string_view::npos ? file : file.substr(slash + 1);
}

}  // namespace

std::span<const std::string_view> boot_file_candidates(std::uint16_t architecture) {
  switch (architecture) {
    case kArchitectureBios:
    case 0x01:
      return kBios;
    case 0x02:
      return kItanium;
    case 0x06:
      return kX86Uefi;
    case kArchitectureX64Uefi:
    case 0x09:
      return kX64Uefi;
    case 0x0a:
      return kArm32Uefi;
    case 0x0b:
      return kArm64Uefi;
    case 0x0c:
    case 0x0d:
      return kOpenFirmware;
    case 0x15:
    case 0x16:
      return kUBoot;
    case 0x19:
      return kRiscv32Uefi;
    case 0x1b:
      return kRiscv64Uefi;
    case 0x1d:
      return kRiscv128Uefi;
    case 0x25:
      return kLoongarch32Uefi;
    case 0x27:
      return kLoongarch64Uefi;
    case kArchitectureRaspberryPi:
      return kRaspberryPi;
    default:
      return {};
  }
}

std::span<const std::string_view> ipxe_script_candidates() {
  return kScripts;
}

bool is_http_url(std::string_view file) {
  return begins(file, "http://") || begins(file, "https://");
}

bool is_url(std::string_view file) {
  const std::size_t colon = file.find("://");
  return colon != std::string_view::npos && colon != 0 && file.find('/') > colon;
}

bool is_ipxe_script(std::string_view file) {
  return ends(file, ".ipxe");
}

bool is_ipxe_program(std::string_view file) {
  // Scripts and the programs that make them carry the name too: menu.ipxe, ipxe.php?mac=...
  constexpr std::string_view kProgramEndings[] = {".efi",    ".pxe", ".kpxe", ".kkpxe",
                                                  ".kkkpxe", ".0",   ".lkrn"};
  const std::string_view name = last_part(file);
  if (std::ranges::none_of(kProgramEndings, [name](auto ending) { return ends(name, ending); })) {
    return false;
  }
  if (begins(name, "undionly") || begins(name, "snponly") || same(name, "snp.efi")) return true;
  for (std::size_t at = 0; at < name.size(); ++at) {
    if (begins(name.substr(at), "ipxe") || begins(name.substr(at), "netboot.xyz")) return true;
  }
  return false;
}

}  // namespace reveille
