#include "control/import/import_options.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "control/config/config_file.h"
#include "control/config/dhcp_option_names.h"
#include "control/config/value_text.h"
#include "text/utf8.h"

namespace reveille {
namespace {

struct Alias {
  std::string_view name;
  std::uint8_t code;
};

// Names that differ from reveille's, and options that have a key of their own there.
constexpr std::array kAliases{
    Alias{"netmask", 1},
    Alias{"subnet-mask", 1},
    Alias{"router", 3},
    Alias{"routers", 3},
    Alias{"time-server", 4},
    Alias{"dns-server", 6},
    Alias{"domain-name-servers", 6},
    Alias{"log-server", 7},
    Alias{"lpr-server", 9},
    Alias{"hostname", 12},
    Alias{"host-name", 12},
    Alias{"boot-file-size", 13},
    Alias{"boot-size", 13},
    Alias{"domain-name", 15},
    Alias{"extension-path", 18},
    Alias{"ip-forward-enable", 19},
    Alias{"ttl", 23},
    Alias{"default-ip-ttl", 23},
    Alias{"mtu", 26},
    Alias{"broadcast", 28},
    Alias{"router-discovery", 31},
    Alias{"static-route", 33},
    Alias{"nis-server", 41},
    Alias{"ntp-server", 42},
    Alias{"vendor-encapsulated-options", 43},
    Alias{"netbios-ns", 44},
    Alias{"netbios-dd", 45},
    Alias{"netbios-dd-server", 45},
    Alias{"netbios-nodetype", 46},
    Alias{"font-servers", 48},
    Alias{"x-windows-fs", 48},
    Alias{"x-windows-dm", 49},
    Alias{"requested-address", 50},
    Alias{"dhcp-lease-time", 51},
    Alias{"lease-time", 51},
    Alias{"server-identifier", 54},
    Alias{"dhcp-server-identifier", 54},
    Alias{"T1", 58},
    Alias{"T2", 59},
    Alias{"vendor-class-identifier", 60},
    Alias{"vendor-class", 60},
    Alias{"dhcp-client-identifier", 61},
    Alias{"client-id", 61},
    Alias{"tftp-server", 66},
    Alias{"tftp-server-name", 66},
    Alias{"bootfile-name", 67},
    Alias{"boot-file-name", 67},
    Alias{"smtp-server", 69},
    Alias{"pop-server", 70},
    Alias{"nntp-server", 71},
    Alias{"www-server", 72},
    Alias{"irc-server", 74},
    Alias{"user-class", 77},
    Alias{"client-arch", 93},
    Alias{"client-system", 93},
    Alias{"pxe-system-type", 93},
    Alias{"pcode", 100},
    Alias{"tcode", 101},
    Alias{"domain-search", 119},
    Alias{"tftp-server-address", 150},
    Alias{"loader-configfile", 209},
    Alias{"loader-pathprefix", 210},
};

std::optional<std::vector<Ipv4Address>> addresses_of(const std::vector<std::string>& values) {
  std::vector<Ipv4Address> all;
  for (const std::string& value : values) {
    const auto address = Ipv4Address::parse(value);
    if (!address || all.size() == kAddressListMax) return std::nullopt;
    all.push_back(*address);
  }
  if (all.empty()) return std::nullopt;
  return all;
}

std::string list_text(const std::vector<std::string>& values, bool quoted) {
  std::string text = "[";
  for (const std::string& value : values) {
    if (text.size() > 1) text += ", ";
    text += quoted ? toml_string(value) : value;
  }
  return text + "]";
}

bool all_numbers(const std::vector<std::string>& values, std::uint32_t max) {
  return !values.empty() && std::ranges::all_of(values, [max](const std::string& value) {
    const auto number = whole_number(value);
    return number && *number <= max;
  });
}

// A value of a known shape as TOML; empty when it is none.
std::string shaped(OptionShape shape, const std::vector<std::string>& values) {
  using enum OptionShape;
  const auto number = [&values](std::uint32_t max) {
    return values.size() == 1 && all_numbers(values, max) ? std::to_string(*whole_number(values[0]))
                                                          : std::string();
  };
  switch (shape) {
    case address:
      return values.size() == 1 && addresses_of(values) ? toml_string(values[0]) : "";
    case addresses:
      return addresses_of(values) ? list_text(values, true) : "";
    case address_pairs:
      return addresses_of(values) && values.size() % 2 == 0 ? list_text(values, true) : "";
    case u8:
      return number(0xff);
    case u16:
      return number(0xffff);
    case u32:
      return number(0xffffffff);
    case i32: {
      int value = 0;
      if (values.size() != 1) return {};
      const std::string& text = values[0];
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc{} && end == text.data() + text.size() ? std::to_string(value) : "";
    }
    case u16_list:
      return all_numbers(values, 0xffff) ? list_text(values, false) : "";
    case flag: {
      if (values.size() != 1) return {};
      const bool yes = values[0] == "1" || values[0] == "true" || values[0] == "on";
      const bool no = values[0] == "0" || values[0] == "false" || values[0] == "off";
      return yes ? "true" : no ? "false" : "";
    }
    case text:
      return values.size() == 1 && !values[0].empty() ? toml_string(values[0]) : "";
    case hex:
      return values.size() == 1 && parse_hex(values[0]) ? toml_string(values[0]) : "";
  }
  return {};
}

// An option that has no name here: by what its values look like.
std::string guessed(const std::vector<std::string>& values) {
  if (addresses_of(values)) return "{ ip = " + list_text(values, true) + " }";
  if (values.size() != 1 || values[0].empty()) return {};
  if (const auto number = whole_number(values[0])) {
    const auto bits = static_cast<unsigned>(std::bit_width(*number));
    return std::string("{ ") +
           (bits <= 8    ? "u8"
            : bits <= 16 ? "u16"
                         : "u32") +
           " = " + std::to_string(*number) + " }";
  }
  if (values[0].find(':') != std::string::npos && parse_hex(values[0])) {
    return toml_string(values[0]);
  }
  return "{ text = " + toml_string(values[0]) + " }";
}

}  // namespace

std::optional<std::uint8_t> option_code_of(std::string_view name) {
  if (const auto number = whole_number(name)) {
    if (*number < 1 || *number > 254) return std::nullopt;
    return static_cast<std::uint8_t>(*number);
  }
  if (const OptionName* known = find_option(name)) return known->code;
  const auto* const alias = std::ranges::find(kAliases, name, &Alias::name);
  if (alias == kAliases.end()) return std::nullopt;
  return alias->code;
}

std::string set_option(std::uint8_t code, const std::vector<std::string>& values,
                       ImportedScope& to) {
  const auto addresses = addresses_of(values);
  const std::string one = values.size() == 1 ? values[0] : "";
  switch (code) {
    case 1:
    case 28:
      return {};  // follows from the prefix
    case 3:
    case 6:
      if (!addresses) return "not a list of up to 16 IPv4 addresses";
      (code == 3 ? to.routers : to.dns_servers) = *addresses;
      return {};
    case 15:
      if (one.empty()) return "not one name";
      to.domain_name = one;
      return {};
    case 51: {
      const auto seconds = whole_number(one);
      if (!seconds || Seconds{*seconds} < kLeaseTimeMin) return "not a lease time in seconds";
      to.lease_time = Seconds{*seconds};
      return {};
    }
    case 67:
      if (one.empty()) return "not one file name";
      to.boot_file = file_name(one);
      return {};
    default:
      break;
  }
  if (const std::string_view reserved = reserved_option(code); !reserved.empty()) {
    return "option " + std::to_string(code) + " is not set by hand: " + std::string(reserved);
  }
  const OptionName* const known = find_option(code);
  const std::string value = known != nullptr ? shaped(known->shape, values) : guessed(values);
  if (value.empty()) return "the value of option " + std::to_string(code) + " is not understood";
  to.options[code] = value;
  return known != nullptr ? "" : "nothing says of what type it is; taken for " + value;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

std::vector<std::string> split_list(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const std::size_t end = std::min(text.find(separator), text.size());
    parts.emplace_back(trimmed(text.substr(0, end)));
    if (end == text.size()) return parts;
    text.remove_prefix(end + 1);
  }
}

std::optional<std::uint8_t> mask_length(std::string_view netmask) {
  const auto mask = Ipv4Address::parse(netmask);
  if (!mask) return std::nullopt;
  const auto length = static_cast<std::uint8_t>(std::countl_one(mask->value));
  if (Ipv4Prefix{{}, length}.mask() != mask->value) return std::nullopt;
  return length;
}

std::string file_name(std::string_view name) {
  if (name.find("://") != std::string_view::npos) return std::string(name);
  const std::size_t first = name.find_first_not_of("/\\");
  return first == std::string_view::npos ? std::string() : std::string(name.substr(first));
}

std::optional<std::uint32_t> whole_number(std::string_view text) {
  std::uint32_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::string octet_escape(char octet) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  const auto value = static_cast<unsigned char>(octet);
  return {'\\', 'x', kDigits[value >> 4], kDigits[value & 15]};
}

std::string toml_string(std::string_view text) {
  std::string out = "\"";
  const bool is_text = is_utf8(text);
  for (const char c : text) {
    const auto octet = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (octet < 0x20 || octet == 0x7f || (octet > 0x7f && !is_text)) {
      out += "\\u00" + octet_escape(c).substr(2);
    } else {
      out += c;
    }
  }
  return out + "\"";
}

}  // namespace reveille
