#include "policy/fields.h"

#include "policy/architecture.h"

namespace reveille {
namespace {

Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

}  // namespace

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
    default:
      return std::nullopt;
  }
}

Bytes octets_of(const Facts& facts, RuleField field, std::uint8_t number) {
  switch (field) {
    case RuleField::vendor_class:
      return as_bytes(facts.vendor_class);
    case RuleField::user_class:
      return as_bytes(facts.user_class);
    case RuleField::client_id:
      return facts.client_id;
    case RuleField::host_name:
      return as_bytes(facts.host_name);
    case RuleField::circuit_id:
      return facts.circuit_id;
    case RuleField::remote_id:
      return facts.remote_id;
    case RuleField::option:
      if (facts.message == nullptr) return {};
      return facts.message->option(wire::DhcpOption{number}).value_or(Bytes{});
    case RuleField::vendor_option:
      if (facts.message == nullptr) return {};
      return facts.message->suboption(wire::DhcpOption::vendor_specific, number).value_or(Bytes{});
    default:
      return {};
  }
}

}  // namespace reveille
