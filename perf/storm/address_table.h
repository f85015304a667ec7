// Which machine has an address: for the ARP requests of the server.
#pragma once

#include <bit>
#include <span>
#include <vector>

#include "storm/machine.h"

namespace reveille::storm {

class AddressTable {
 public:
  explicit AddressTable(std::span<const Machine> machines)
      : machines_(machines), slots_(std::bit_ceil(4 * machines.size() + 4), kNobody) {}

  void insert(Ipv4Address address, std::uint32_t number) {
    // Addresses that machines had in earlier boots are swept out when they are too many.
    if (++used_ > slots_.size() / 2) rebuild();
    put(address, number);
  }
  // kNobody when no machine has it.
  [[nodiscard]] std::uint32_t find(Ipv4Address address) const {
    for (std::size_t at = home(address);; at = (at + 1) & (slots_.size() - 1)) {
      const std::uint32_t number = slots_[at];
      if (number == kNobody || machines_[number].address == address) return number;
    }
  }

 private:
  [[nodiscard]] std::size_t home(Ipv4Address address) const {
    return (address.value * 0x9e3779b1U) & (slots_.size() - 1);
  }
  void put(Ipv4Address address, std::uint32_t number) {
    std::size_t at = home(address);
    while (slots_[at] != kNobody && slots_[at] != number) at = (at + 1) & (slots_.size() - 1);
    slots_[at] = number;
  }
  void rebuild() {
    std::fill(slots_.begin(), slots_.end(), kNobody);
    used_ = 0;
    for (std::uint32_t number = 0; number < machines_.size(); ++number) {
      if (machines_[number].address.is_zero()) continue;
      put(machines_[number].address, number);
      ++used_;
    }
  }

  std::span<const Machine> machines_;
  std::vector<std::uint32_t> slots_;
  std::size_t used_ = 0;
};

}  // namespace reveille::storm
