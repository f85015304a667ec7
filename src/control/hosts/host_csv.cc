// CSV as RFC 4180 has it, one host a line: no line ends inside quotes.
#include <algorithm>
#include <array>

#include "control/config/value_text.h"
#include "control/hosts/host_lines.h"

namespace reveille {
namespace {

using Read = bool (*)(const HostField& field, HostConfig& host, HostLines& lines);

struct Column {
  std::string_view name;
  Read read;
};

bool read_client_id(const HostField& field, HostConfig& host, HostLines& lines) {
  const auto octets = parse_hex(field.text);
  if (octets) host.client_id = *octets;
  if (!octets) {
    lines.error(field.column,
                in_quotes(field.text) + " is not a client-id such as \"01:52:54:00:12:34:56\"");
  }
  return octets.has_value();
}

bool read_uuid(const HostField& field, HostConfig& host, HostLines& lines) {
  host.uuid = Uuid::parse(field.text);
  if (!host.uuid) {
    lines.error(
        field.column,
        in_quotes(field.text) + " is not a UUID such as \"00112233-4455-6677-8899-aabbccddeeff\"");
  }
  return host.uuid.has_value();
}

constexpr std::array kColumns{
    Column{"mac", [](const HostField& field, HostConfig& host,
                     HostLines& lines) { return lines.read_mac(field, host); }},
    Column{"client_id", read_client_id},
    Column{"uuid", read_uuid},
    Column{"address", [](const HostField& field, HostConfig& host,
                         HostLines& lines) { return lines.read_address(field, host); }},
    Column{"host_name",
           [](const HostField& field, HostConfig& host, HostLines&) {
             host.host_name = field.text;
             return true;
           }},
    Column{"boot_file",
           [](const HostField& field, HostConfig& host, HostLines&) {
             host.boot_file = field.text;
             return true;
           }},
};

const Column* find_column(std::string_view name) {
  const auto* const found = std::ranges::find(kColumns, name, &Column::name);
  return found == kColumns.end() ? nullptr : found;
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// One field that begins with a quote; `line` then begins after its closing quote.
bool take_quoted(std::string_view& line, std::string& to) {
  line.remove_prefix(1);
  for (;;) {
    const std::size_t quote = line.find('"');
    if (quote == std::string_view::npos) return false;
    to += line.substr(0, quote);
    line.remove_prefix(quote + 1);
    if (!line.starts_with('"')) return true;
    to += '"';
    line.remove_prefix(1);
  }
}

// The fields of a line; false, and said, when its quotes do not match.
bool split(std::string_view line, HostLines& lines, std::vector<HostField>& to) {
  const std::string_view whole = line;
  const auto column = [&] { return static_cast<unsigned>(whole.size() - line.size() + 1); };
  for (;;) {
    line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
    HostField& field = to.emplace_back();
    field.column = column();
    if (line.starts_with('"')) {
      if (!take_quoted(line, field.text)) {
        lines.error(field.column, "the quote is not closed");
        return false;
      }
      line.remove_prefix(std::min(line.find_first_not_of(" \t"), line.size()));
      if (!line.empty() && line.front() != ',') {
        lines.error(column(), "a comma was expected after the quote");
        return false;
      }
    } else {
      const std::size_t end = std::min(line.find(','), line.size());
      field.text = trimmed(line.substr(0, end));
      line.remove_prefix(end);
    }
    if (line.empty()) return true;
    line.remove_prefix(1);
  }
}

}  // namespace

bool HostColumns::is_header(std::string_view line) {
  while (!line.empty()) {
    const std::size_t end = std::min(line.find(','), line.size());
    std::string_view name = trimmed(line.substr(0, end));
    if (name.size() > 1 && name.front() == '"' && name.back() == '"') {
      name = name.substr(1, name.size() - 2);
    }
    if (find_column(name) != nullptr) return true;
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return false;
}

std::string HostColumns::all_names() {
  std::string names;
  for (const Column& one : kColumns) {
    names += (names.empty() ? "" : ", ") + std::string(one.name);
  }
  return names;
}

bool HostColumns::read(std::string_view header, HostLines& lines) {
  std::vector<HostField> fields;
  if (!split(header, lines, fields)) return false;
  bool good = true;
  for (const HostField& field : fields) {
    const Column* const column = find_column(field.text);
    const std::size_t index =
        column == nullptr ? kColumns.size() : static_cast<std::size_t>(column - kColumns.data());
    if (column == nullptr) {
      std::vector<std::string_view> names;
      names.reserve(kColumns.size());
      for (const Column& one : kColumns) names.push_back(one.name);
      const std::string_view meant = nearest(field.text, names);
      lines.error(field.column,
                  "unknown column " + in_quotes(field.text) +
                      (meant.empty() ? "" : "; did you mean " + in_quotes(meant) + "?"));
      good = false;
    } else if (std::ranges::find(columns_, index) != columns_.end()) {
      lines.error(field.column, "column " + in_quotes(field.text) + " stands there twice");
      good = false;
    } else {
      columns_.push_back(index);
    }
  }
  return good;
}

bool HostColumns::read_host(std::string_view line, HostLines& lines) const {
  std::vector<HostField> fields;
  fields.reserve(columns_.size());
  if (!split(line, lines, fields)) return true;
  if (fields.size() != columns_.size()) {
    const std::size_t last = std::min(fields.size() - 1, columns_.size());
    lines.error(fields[last].column, "the line has " + std::to_string(fields.size()) +
                                         " fields, its header " + std::to_string(columns_.size()));
    return true;
  }
  HostConfig host;
  bool good = true;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (!fields[i].text.empty()) good &= kColumns[columns_[i]].read(fields[i], host, lines);
  }
  if (!good) return true;
  if (!host.mac && host.client_id.empty() && !host.uuid) {
    lines.error(1, "a host needs a `mac`, a `client_id` or a `uuid` to be known by");
    return true;
  }
  return lines.add(std::move(host));
}

}  // namespace reveille
