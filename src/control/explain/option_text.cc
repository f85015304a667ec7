#include "control/explain/option_text.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <optional>

#include <reveille/address.h>
#include <reveille/wire/dhcp.h>

#include "control/config/dhcp_option_names.h"
#include "control/config/problem.h"
#include "control/config/value_text.h"

namespace reveille {
namespace {

using wire::DhcpOption;
using wire::DhcpView;

// What a site cannot set by hand, and so has no name in a configuration.
constexpr std::array kOwn{
    OptionName{1, "subnet-mask", OptionShape::address},
    OptionName{3, "routers", OptionShape::addresses},
    OptionName{6, "dns", OptionShape::addresses},
    OptionName{12, "host-name", OptionShape::text},
    OptionName{13, "boot-file-size", OptionShape::u16},
    OptionName{15, "domain", OptionShape::text},
    OptionName{43, "vendor-specific", OptionShape::hex},
    OptionName{50, "requested-address", OptionShape::address},
    OptionName{51, "lease-time", OptionShape::u32},
    OptionName{52, "overload", OptionShape::u8},
    OptionName{53, "message-type", OptionShape::u8},
    OptionName{54, "server-identifier", OptionShape::address},
    OptionName{55, "parameter-request-list", OptionShape::hex},
    OptionName{56, "message", OptionShape::text},
    OptionName{57, "maximum-message-size", OptionShape::u16},
    OptionName{58, "renewal-time", OptionShape::u32},
    OptionName{59, "rebinding-time", OptionShape::u32},
    OptionName{60, "vendor-class", OptionShape::text},
    OptionName{61, "client-identifier", OptionShape::hex},
    OptionName{66, "tftp-server-name", OptionShape::text},
    OptionName{67, "boot-file-name", OptionShape::text},
    OptionName{77, "user-class", OptionShape::text},
    OptionName{82, "relay-agent-information", OptionShape::hex},
    OptionName{93, "client-architecture", OptionShape::hex},
    OptionName{94, "client-network-interface", OptionShape::hex},
    OptionName{97, "client-machine-identifier", OptionShape::hex},
    OptionName{175, "ipxe", OptionShape::hex},
};

const OptionName* name_of(std::uint8_t code) {
  const auto* const own = std::ranges::find(kOwn, code, &OptionName::code);
  return own != kOwn.end() ? own : find_option(code);
}

bool is_printable(Bytes octets) {
  return !octets.empty() && std::ranges::all_of(octets, [](std::uint8_t octet) {
    return octet >= 0x20 && octet < 0x7f;
  });
}

std::string type_text(std::uint8_t type) {
  constexpr std::array kTypes{"DISCOVER", "OFFER", "REQUEST", "DECLINE",
                              "ACK",      "NAK",   "RELEASE", "INFORM"};
  return type >= 1 && type <= kTypes.size() ? kTypes[type - 1U] : std::to_string(type);
}

std::string seconds_text(std::uint32_t seconds) {
  if (seconds == 0xffffffff) return "for ever";
  const std::string text = std::to_string(seconds) + "s";
  const std::string units = duration_text(std::chrono::seconds{seconds});
  return units == text ? text : text + " (" + units + ")";
}

// Elements of `size` octets each; nullopt when they are not whole.
template <class Word>
std::optional<std::string> list(Bytes octets, std::size_t size, const Word& word) {
  if (octets.empty() || octets.size() % size != 0) return std::nullopt;
  std::string text;
  for (std::size_t i = 0; i < octets.size(); i += size) {
    text += (i == 0 ? "" : ", ") + word(&octets[i]);
  }
  return text;
}

std::optional<std::string> shaped(OptionShape shape, Bytes octets) {
  const auto address = [](const std::uint8_t* at) { return Ipv4Address::from(at).text(); };
  const auto u16 = [](const std::uint8_t* at) { return std::to_string(load_be16(at)); };
  const auto single = [&](std::size_t size) { return octets.size() == size; };
  switch (shape) {
    case OptionShape::address:
    case OptionShape::addresses:
    case OptionShape::address_pairs:
      return list(octets, 4, address);
    case OptionShape::u16_list:
      return list(octets, 2, u16);
    case OptionShape::u8:
      if (single(1)) return std::to_string(octets[0]);
      break;
    case OptionShape::u16:
      if (single(2)) return u16(octets.data());
      break;
    case OptionShape::u32:
      if (single(4)) return std::to_string(load_be32(octets.data()));
      break;
    case OptionShape::i32:
      if (single(4)) return std::to_string(static_cast<std::int32_t>(load_be32(octets.data())));
      break;
    case OptionShape::flag:
      if (single(1) && octets[0] < 2) return octets[0] == 1 ? "true" : "false";
      break;
    case OptionShape::text: {
      const bool ends = !octets.empty() && octets.back() == 0;
      const Bytes text = ends ? octets.first(octets.size() - 1) : octets;
      return octets_text(text) + (ends ? " and a NUL" : "");
    }
    case OptionShape::hex:
      break;
  }
  return std::nullopt;
}

std::string value_text(std::uint8_t code, Bytes octets) {
  const bool is_time = code >= 51 && code <= 59 && code != 57 && octets.size() == 4;
  switch (static_cast<DhcpOption>(code)) {
    case DhcpOption::message_type:
      if (octets.size() == 1) return type_text(octets[0]);
      break;
    case DhcpOption::lease_time:
    case DhcpOption::renewal_time:
    case DhcpOption::rebinding_time:
      if (is_time) return seconds_text(load_be32(octets.data()));
      break;
    case DhcpOption::client_machine_identifier:
      if (octets.size() == 17 && octets[0] == 0) {
        Uuid uuid;
        std::copy_n(octets.begin() + 1, 16, uuid.octets.begin());
        return uuid.text();
      }
      break;
    default:
      break;
  }
  const OptionName* name = name_of(code);
  const auto text = name != nullptr ? shaped(name->shape, octets) : std::nullopt;
  if (text) return *text;
  const bool is_hex = name != nullptr && name->shape == OptionShape::hex;
  return is_hex ? hex_text(octets) : octets_text(octets);
}

// Codes of one field in their order, as far as it is well formed.
void add_codes(Bytes field, std::vector<std::uint8_t>& to) {
  for (std::size_t i = 0; i < field.size() && field[i] != 255;) {
    if (field[i] == 0) {
      ++i;
      continue;
    }
    to.push_back(field[i]);
    if (i + 1 >= field.size()) return;
    i += 2U + field[i + 1];
  }
}

}  // namespace

std::string hex_text(Bytes octets, std::string_view between) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t octet : octets) {
    if (!text.empty()) text += between;
    text += kDigits[octet >> 4];
    text += kDigits[octet & 15];
  }
  return text;
}

std::string octets_text(Bytes octets) {
  if (!is_printable(octets)) return octets.empty() ? "empty" : hex_text(octets);
  return in_quotes({reinterpret_cast<const char*>(octets.data()), octets.size()});
}

std::vector<OptionText> option_texts(Bytes message) {
  const auto view = DhcpView::parse(message);
  if (!view || message.size() < wire::kDhcpOptionsOffset) return {};
  std::vector<std::uint8_t> codes;
  add_codes(message.subspan(wire::kDhcpOptionsOffset), codes);
  const std::uint8_t overload = view->option_u8(DhcpOption::overload).value_or(0);
  if ((overload & 1) != 0) add_codes(message.subspan(108, 128), codes);
  if ((overload & 2) != 0) add_codes(message.subspan(44, 64), codes);
  std::vector<OptionText> texts;
  std::bitset<256> seen;
  for (const std::uint8_t code : codes) {
    const auto octets = view->option(DhcpOption{code});
    if (seen.test(code) || !octets) continue;
    seen.set(code);
    const OptionName* name = name_of(code);
    texts.push_back({code,
                     name != nullptr ? std::string(name->name) : "",
                     value_text(code, *octets),
                     {octets->begin(), octets->end()}});
  }
  return texts;
}

}  // namespace reveille
