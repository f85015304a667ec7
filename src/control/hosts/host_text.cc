#include "control/hosts/host_text.h"

#include <algorithm>

#include "control/hosts/host_lines.h"
#include "text/lines.h"

namespace reveille {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kLineMax = 4096;

bool says_nothing(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t");
  return first == std::string_view::npos || line[first] == '#';
}

// Words alone, where the MAC address of a host would have colons: columns of another name, or
// separated by something else.
bool looks_like_header(std::string_view line) {
  const bool has_digits = std::ranges::any_of(line, [](char c) { return c >= '0' && c <= '9'; });
  return !has_digits && line.find_first_of(":=*") == std::string_view::npos;
}

}  // namespace

void HostLines::error(unsigned column, std::string text) {
  problems_.error(origin(column), std::move(text));
}

void HostLines::warn_once(unsigned column, const std::string& text) {
  if (std::ranges::find(warned_, text) != warned_.end()) return;
  warned_.push_back(text);
  problems_.warning(origin(column), text);
}

bool HostLines::read_mac(const HostField& field, HostConfig& host) {
  host.mac = MacAddress::parse(field.text);
  if (!host.mac) {
    error(field.column,
          in_quotes(field.text) + " is not a MAC address such as \"52:54:00:12:34:56\"");
  }
  return host.mac.has_value();
}

bool HostLines::read_address(const HostField& field, HostConfig& host) {
  host.address = Ipv4Address::parse(field.text);
  if (!host.address) {
    error(field.column, in_quotes(field.text) + " is not an address such as \"10.77.0.1\"");
  }
  return host.address.has_value();
}

bool HostLines::add(HostConfig host) {
  if (to_.size() >= hosts_max_) {
    error(1, "there are more than " + std::to_string(hosts_max_) + " hosts");
    return false;
  }
  origins_.set(element("host", to_.size()), origin(1));
  to_.push_back(std::move(host));
  return true;
}

void parse_hosts(std::string_view text, std::string_view file, std::size_t hosts_max,
                 std::vector<HostConfig>& to, Origins& origins, Problems& problems) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  HostLines lines(file, hosts_max, to, origins, problems);
  HostColumns columns;
  enum class Format : std::uint8_t { unknown, csv, dnsmasq } format = Format::unknown;
  for (unsigned number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    lines.at_line(number);
    if (says_nothing(line)) continue;
    if (line.size() > kLineMax) {
      lines.error(1, "the line has more than " + std::to_string(kLineMax) + " bytes");
      continue;
    }
    if (format == Format::unknown && HostColumns::is_header(line)) {
      format = Format::csv;
      // Without knowing the columns, each line would only be wrong once more.
      if (!columns.read(line, lines)) return;
      continue;
    }
    if (format == Format::unknown && looks_like_header(line)) {
      return lines.error(1, "no column of a hosts file is named there; there are " +
                                HostColumns::all_names() + ", separated by commas");
    }
    if (format == Format::unknown) format = Format::dnsmasq;
    const bool more =
        format == Format::csv ? columns.read_host(line, lines) : read_dnsmasq_host(line, lines);
    if (!more) return;
  }
}

}  // namespace reveille
