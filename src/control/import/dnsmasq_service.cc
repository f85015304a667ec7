#include "control/import/dnsmasq_service.h"

#include <algorithm>
#include <array>
#include <utility>

namespace reveille {
namespace {

using Service = std::pair<std::string_view, std::uint16_t>;

constexpr std::array kServices{
    Service{"x86PC", 0},      Service{"PC98", 1},       Service{"IA64_EFI", 2},
    Service{"Alpha", 3},      Service{"Arc_x86", 4},    Service{"Intel_Lean_Client", 5},
    Service{"IA32_EFI", 6},   Service{"BC_EFI", 7},     Service{"Xscale_EFI", 8},
    Service{"X86-64_EFI", 9}, Service{"ARM32_EFI", 10}, Service{"ARM64_EFI", 11},
};

}  // namespace

std::optional<std::uint16_t> dnsmasq_service(std::string_view name) {
  const auto* const service = std::ranges::find(kServices, name, &Service::first);
  if (service == kServices.end()) return std::nullopt;
  return service->second;
}

}  // namespace reveille
