// Conditions of other servers as conditions of [[rule]], written as inline tables of TOML.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <reveille/address.h>
#include <reveille/wire/dhcp.h>

namespace reveille {

// Of the options that conditions ask for.
inline constexpr auto kVendorClass = static_cast<std::uint8_t>(wire::DhcpOption::vendor_class);
inline constexpr auto kUserClass = static_cast<std::uint8_t>(wire::DhcpOption::user_class);
inline constexpr auto kArchitecture =
    static_cast<std::uint8_t>(wire::DhcpOption::client_architecture);

inline constexpr std::size_t kPatternOctetsMax = 255;  // that a condition compares

struct ImportedCondition {
  std::string text;  // "{ arch = 7 }", "{ all = [{ ... }, { ... }] }"; empty: it always holds
  // What [boot] and [[subnet]] could say as well. Each of these is set only when the condition is
  // nothing else; `not_ipxe` alone, or together with architectures.
  std::vector<std::uint16_t> architectures{};  // one of them
  bool is_ipxe = false;
  bool not_ipxe = false;
  std::vector<Ipv4Prefix> subnets{};  // one of them
};

// In network order.
[[nodiscard]] std::string octets_of(Ipv4Address address);

// The field has exactly these octets.
[[nodiscard]] ImportedCondition option_is(std::uint8_t code, std::string_view octets);
// They stand somewhere in it.
[[nodiscard]] ImportedCondition option_holds(std::uint8_t code, std::string_view octets);
// They stand in it behind so many others; `ends`: and nothing comes after them.
[[nodiscard]] ImportedCondition option_has_at(std::uint8_t code, std::uint32_t from,
                                              std::string_view octets, bool ends);
// It begins with these octets; nullopt stands for any.
[[nodiscard]] std::optional<ImportedCondition> option_begins(
    std::uint8_t code, std::span<const std::optional<std::uint8_t>> octets);
// It is a list of addresses, and this is one of them.
[[nodiscard]] ImportedCondition option_lists(std::uint8_t code, Ipv4Address address);
// The client sends it, even if only a little.
[[nodiscard]] ImportedCondition option_exists(std::uint8_t code);
[[nodiscard]] ImportedCondition architecture_is(std::uint16_t architecture);
// The beginning of option 60 that names one: "PXEClient:Arch:00007".
[[nodiscard]] std::optional<ImportedCondition> vendor_class_architecture(std::string_view text);
[[nodiscard]] ImportedCondition runs_ipxe();
// It has a [[host]].
[[nodiscard]] ImportedCondition is_known();
// The same for sub-options of option 82; nullopt: rules do not look at that one.
[[nodiscard]] std::optional<ImportedCondition> relay_option_is(std::uint8_t code,
                                                               std::string_view octets);
[[nodiscard]] ImportedCondition in_subnets(std::span<const Ipv4Prefix> prefixes);
[[nodiscard]] ImportedCondition negated(const ImportedCondition& condition);
// No machine can be both, as far as this can be seen.
[[nodiscard]] bool exclude(const ImportedCondition& one, const ImportedCondition& other);
// One alone is itself. `kind` is "all" or "any"; nullopt: there are none, or too many.
[[nodiscard]] std::optional<ImportedCondition> combined(std::string_view kind,
                                                        std::span<const ImportedCondition> parts);

}  // namespace reveille
