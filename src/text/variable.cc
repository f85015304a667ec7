#include "text/variable.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <optional>

#include "policy/architecture.h"

namespace reveille {
namespace {

using enum Variable;
using Room = std::span<char, kVariableLengthMax>;

struct VariableName {
  std::string_view name;
  Variable variable;
};
constexpr std::array<VariableName, 7> kVariables{{{"mac", mac},
                                                  {"ip", ip},
                                                  {"uuid", uuid},
                                                  {"arch", arch},
                                                  {"serial", serial},
                                                  {"hostname", hostname},
                                                  {"next_server", next_server}}};

struct FormName {
  std::string_view name;
  VariableForm form;
};
constexpr std::array<FormName, 4> kForms{{{"hexhyp", VariableForm::hexhyp},
                                          {"hexraw", VariableForm::hexraw},
                                          {"hexupper", VariableForm::hexupper},
                                          {"number", VariableForm::number}}};

bool has_form(Variable variable, VariableForm form) {
  switch (variable) {
    case mac:
    case ip:
    case uuid:
    case next_server:
    case serial:
      return form != VariableForm::number;
    case arch:
      return form == VariableForm::number;
    case hostname:
      return false;
  }
  return false;
}

template <class Names>
std::string listed(const Names& names) {
  std::string text;
  for (const auto& known : names) {
    if (!text.empty()) text += ", ";
    text += known.name;
  }
  return text;
}

constexpr std::array<char, 17> kLower{"0123456789abcdef"};
constexpr std::array<char, 17> kUpper{"0123456789ABCDEF"};

std::size_t write_hex(std::span<const std::uint8_t> octets, const std::array<char, 17>& digits,
                      char separator, Room room) {
  std::size_t length = 0;
  for (const std::uint8_t octet : octets) {
    if (separator != '\0' && length != 0) room[length++] = separator;
    room[length++] = digits[octet >> 4];
    room[length++] = digits[octet & 15];
  }
  return length;
}

std::size_t write_octets(std::span<const std::uint8_t> octets, VariableForm form, char usual,
                         Room room) {
  switch (form) {
    case VariableForm::hexhyp:
      return write_hex(octets, kLower, '-', room);
    case VariableForm::hexraw:
      return write_hex(octets, kLower, '\0', room);
    case VariableForm::hexupper:
      return write_hex(octets, kUpper, '\0', room);
    default:
      return write_hex(octets, kLower, usual, room);
  }
}

std::size_t write_number(std::uint32_t number, Room room, std::size_t at = 0) {
  const auto written = std::to_chars(room.data() + at, room.data() + room.size(), number);
  return static_cast<std::size_t>(written.ptr - room.data());
}

std::size_t write_address(Ipv4Address address, VariableForm form, Room room) {
  if (address.is_zero()) return 0;
  std::array<std::uint8_t, 4> octets;
  store_be32(octets.data(), address.value);
  if (form != VariableForm::usual) return write_octets(octets, form, '\0', room);
  std::size_t length = 0;
  for (const std::uint8_t octet : octets) {
    if (length != 0) room[length++] = '.';
    length = write_number(octet, room, length);
  }
  return length;
}

std::size_t write_uuid(const Uuid& value, VariableForm form, Room room) {
  if (value == Uuid{}) return 0;
  if (form != VariableForm::usual) return write_octets(value.octets, form, '\0', room);
  std::size_t length = 0;
  for (std::size_t i = 0; i < value.octets.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) room[length++] = '-';
    room[length++] = kLower[value.octets[i] >> 4];
    room[length++] = kLower[value.octets[i] & 15];
  }
  return length;
}

// As the configuration names architectures: "x64-uefi".
std::size_t write_architecture(std::uint16_t code, VariableForm form, Room room) {
  if (code == ClientFacts::kNoArchitecture) return 0;
  const Architecture* const known = find_architecture(code);
  if (form == VariableForm::number || known == nullptr) return write_number(code, room);
  const std::size_t length = std::min(known->name.size(), room.size());
  std::transform(known->name.begin(), known->name.begin() + static_cast<std::ptrdiff_t>(length),
                 room.begin(), [](char c) {
                   if (c == ' ') return '-';
                   return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
                 });
  return length;
}

// The boot ROM of a Raspberry Pi puts its serial number into option 97: four times where
// DHCP_OPTION97 is 0; else after "RPi4" or the like, the board revision and part of the MAC
// address (its bootloader's documentation). All words are little-endian.
std::optional<std::array<std::uint8_t, 4>> serial_of(const Uuid& uuid) {
  const std::uint8_t* const octets = uuid.octets.data();
  constexpr std::array<std::uint8_t, 4> kRom{0x44, 0x44, 0x44, 0x44};  // that of a Pi 3: no serial
  const bool marked = std::memcmp(octets, "RPi", 3) == 0;
  const bool four_times = std::memcmp(octets, octets + 4, 12) == 0;
  if (!marked && !four_times) return std::nullopt;
  if (uuid == Uuid{} || std::memcmp(octets + 12, kRom.data(), 4) == 0) return std::nullopt;
  return std::array<std::uint8_t, 4>{octets[15], octets[14], octets[13], octets[12]};
}

bool is_harmless(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.';
}

std::size_t write_harmless(std::string_view text, Room room) {
  const std::size_t length = std::min(text.size(), room.size());
  for (std::size_t i = 0; i < length; ++i) {
    room[i] = is_harmless(text[i]) && !(i == 0 && text[i] == '.') ? text[i] : '_';
  }
  return length;
}

}  // namespace

tl::expected<VariableUse, std::string> parse_variable(std::string_view text) {
  const std::size_t colon = text.find(':');
  const std::string_view name = text.substr(0, colon);
  const auto known = std::ranges::find(kVariables, name, &VariableName::name);
  if (known == kVariables.end()) {
    return tl::unexpected("unknown variable \"" + std::string(name) + "\"; there are " +
                          listed(kVariables));
  }
  VariableUse use{known->variable};
  if (colon == std::string_view::npos) return use;
  const std::string_view form_name = text.substr(colon + 1);
  const auto form = std::ranges::find(kForms, form_name, &FormName::name);
  if (form == kForms.end()) {
    return tl::unexpected("unknown form \"" + std::string(form_name) + "\"; there are " +
                          listed(kForms));
  }
  if (!has_form(use.variable, form->form)) {
    return tl::unexpected("the variable " + std::string(name) + " has no form \"" +
                          std::string(form_name) + "\"");
  }
  use.form = form->form;
  return use;
}

std::size_t write_variable(VariableUse use, const ClientFacts& client, Room room) {
  switch (use.variable) {
    case mac:
      return client.mac.is_zero() ? 0 : write_octets(client.mac.octets, use.form, ':', room);
    case ip:
      return write_address(client.address, use.form, room);
    case uuid:
      return write_uuid(client.uuid, use.form, room);
    case arch:
      return write_architecture(client.architecture, use.form, room);
    case serial: {
      const auto number = serial_of(client.uuid);
      return number ? write_octets(*number, use.form, '\0', room) : 0;
    }
    case hostname:
      return write_harmless(client.host_name(), room);
    case next_server:
      return write_address(client.next_server, use.form, room);
  }
  return 0;
}

}  // namespace reveille
