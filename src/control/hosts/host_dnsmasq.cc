// dnsmasq's dhcp-host (dnsmasq(8)): fields in any order, told apart by their looks.
#include <algorithm>

#include "control/config/value_text.h"
#include "control/hosts/host_lines.h"

namespace reveille {
namespace {

constexpr std::string_view kKey = "dhcp-host";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_hex(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

// "52:54:00:12:34:56", also with '*' for octets and with a hardware type ("06-") before it.
bool looks_like_mac(std::string_view text) {
  return std::ranges::count(text, ':') == 5 && std::ranges::all_of(text, [](char c) {
           return is_hex(c) || c == ':' || c == '*' || c == '-';
         });
}

bool looks_like_address(std::string_view text) {
  return std::ranges::count(text, '.') == 3 &&
         std::ranges::all_of(text, [](char c) { return is_digit(c) || c == '.'; });
}

// "infinite", "45m", "3600".
bool looks_like_time(std::string_view text) {
  if (text == "infinite") return true;
  if (text.empty() || !is_digit(text.front())) return false;
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  return end == text.size() || (end + 1 == text.size() && std::string_view("smhdw").find(
                                                              text[end]) != std::string_view::npos);
}

// What one line has been found to say.
struct Line {
  HostConfig host;
  std::vector<MacAddress> macs;
  bool good = true;
};

// Hexadecimal with colons, or text as it is; what a client puts in front, Subnets::host() knows.
std::vector<std::uint8_t> client_id_of(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    if (auto octets = parse_hex(text)) return *octets;
  }
  return {text.begin(), text.end()};
}

// "52-54-00-12-34-56" would be a host's name to dnsmasq.
bool looks_like_dashed_mac(std::string_view text) {
  return std::ranges::count(text, '-') == 5 && MacAddress::parse(text).has_value();
}

// Of what a host has one of, a line says one.
bool is_first(bool is_set, std::string_view what, const HostField& field, Line& line,
              HostLines& lines) {
  if (!is_set) return true;
  lines.error(field.column, in_quotes(field.text) + " would be a second " + std::string(what));
  line.good = false;
  return false;
}

void read_mac(HostField field, Line& line, HostLines& lines) {
  if (field.text.find('*') != std::string::npos) {
    lines.error(field.column, in_quotes(field.text) +
                                  " stands for many machines; reveille wants one MAC address");
    line.good = false;
    return;
  }
  // The hardware type of Ethernet goes without saying.
  for (const std::string_view type : {"01-", "1-"}) {
    if (field.text.starts_with(type)) field.text.erase(0, type.size());
  }
  HostConfig one;
  line.good &= lines.read_mac(field, one);
  if (one.mac) line.macs.push_back(*one.mac);
}

void read_field(const HostField& field, Line& line, HostLines& lines) {
  const std::string_view text = field.text;
  if (text.empty()) return;
  if (text == "id:*") return;  // what `identity = "mac"` does for all
  if (text.starts_with("id:")) {
    if (!is_first(!line.host.client_id.empty(), "client-id", field, line, lines)) return;
    line.host.client_id = client_id_of(text.substr(3));
  } else if (text.starts_with("set:") || text.starts_with("tag:") || text.starts_with("net:")) {
    lines.warn_once(field.column,
                    "tags of dnsmasq are left out; [boot] and [[subnet]] say what "
                    "machines boot");
  } else if (text == "ignore") {
    lines.error(field.column, "reveille cannot ignore a single machine by its hosts file");
    line.good = false;
  } else if (text.starts_with('[')) {
    lines.warn_once(field.column, "IPv6 addresses are left out");
  } else if (looks_like_mac(text)) {
    read_mac(field, line, lines);
  } else if (looks_like_dashed_mac(text)) {
    lines.error(field.column,
                in_quotes(text) + " is a name to dnsmasq; write a MAC address with \":\"");
    line.good = false;
  } else if (looks_like_address(text)) {
    if (!is_first(line.host.address.has_value(), "address", field, line, lines)) return;
    line.good &= lines.read_address(field, line.host);
  } else if (looks_like_time(text)) {
    lines.warn_once(field.column, "lease times of single hosts are left out; the subnet's counts");
  } else if (is_first(!line.host.host_name.empty(), "host name", field, line, lines)) {
    line.host.host_name = text;
  }
}

bool add_hosts(Line line, HostLines& lines) {
  if (line.macs.size() > 1 && line.host.address) {
    lines.error(1, "an address belongs to one MAC address; the line has " +
                       std::to_string(line.macs.size()));
    return true;
  }
  if (line.macs.empty()) {
    if (!line.host.client_id.empty()) return lines.add(std::move(line.host));
    lines.error(1, "a host needs a MAC address or `id:` to be known by");
    return true;
  }
  for (std::size_t i = 0; i < line.macs.size(); ++i) {
    HostConfig host = line.host;
    host.mac = line.macs[i];
    if (i > 0) host.client_id.clear();  // a key of one host only
    if (!lines.add(std::move(host))) return false;
  }
  return true;
}

}  // namespace

bool read_dnsmasq_host(std::string_view text, HostLines& lines) {
  const std::string_view whole = text;
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.starts_with(kKey)) {
    const std::size_t sign = text.find_first_not_of(" \t", kKey.size());
    if (sign == std::string_view::npos || text[sign] != '=') {
      lines.error(1, "a line such as dhcp-host=52:54:00:12:34:56,10.77.0.10 was expected");
      return true;
    }
    text.remove_prefix(sign + 1);
  }
  // A comment goes on to the end of the line.
  text = text.substr(0, std::min({text.find(" #"), text.find("\t#"), text.size()}));
  Line line;
  const std::size_t end_of_text =
      static_cast<std::size_t>(text.data() - whole.data()) + text.size();
  for (;;) {
    const std::size_t end = std::min(text.find(','), text.size());
    const std::string_view field = trimmed(text.substr(0, end));
    const auto column =
        static_cast<unsigned>((field.empty() ? end_of_text : field.data() - whole.data()) + 1);
    read_field({std::string(field), column}, line, lines);
    if (end == text.size()) break;
    text.remove_prefix(end + 1);
  }
  return !line.good || add_hosts(std::move(line), lines);
}

}  // namespace reveille
