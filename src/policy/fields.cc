#include "policy/fields.h"

#include "policy/architecture.h"

namespace reveille {

std::optional<std::uint64_t> number_of(const Facts& facts, RuleField field) {
  switch (field) {
    case RuleField::mac:
      return facts.mac.number();
    case RuleField::architecture:
      // What it says itself is "x86 BIOS", which it is not.
      if (facts.raspberry_pi) return kArchitectureRaspberryPi;
      if (facts.architecture == kArchitectureUnknown) return std::nullopt;
      return facts.architecture;
    case RuleField::firmware:
      return static_cast<std::uint64_t>(facts.firmware);
    case RuleField::subnet:
      return facts.link.value;
    case RuleField::relay:
      if (facts.relay.is_zero()) return std::nullopt;
      return facts.relay.value;
    case RuleField::vlan:
      return facts.vlan;
    case RuleField::known:
      return facts.known ? 1 : 0;
    default:
      return std::nullopt;
  }
}

}  // namespace reveille
