// dhcpd.leases: statements that end with ";" or hold others in "{ }", comments from "#" to the
// end of the line (dhcpd.leases(5)). Of an address the last `lease` stands.
#include <algorithm>
#include <array>
#include <chrono>

#include "store/import/import_text.h"
#include "store/import/lease_import.h"

namespace reveille {

using namespace lease_file;

namespace {

constexpr std::size_t kWordsMax = 16;  // of a statement; further ones say nothing of a lease
constexpr std::size_t kDepthMax = 16;

struct LeaseStatement {
  std::array<std::string_view, kWordsMax> words;
  std::size_t count = 0;
  std::size_t line = 0;  // where it begins
  char end = 0;          // ';', '{', '}', or 0 at the end of the file

  [[nodiscard]] std::string_view operator[](std::size_t i) const { return words[i]; }
  [[nodiscard]] bool begins(std::string_view first, std::string_view second = {}) const {
    return count > 0 && words[0] == first && (second.empty() || (count > 1 && words[1] == second));
  }
};

// Cuts the text into statements. Strings keep their quotes.
class Statements {
 public:
  explicit Statements(std::string_view text) : rest_(text) {}

  LeaseStatement next() {
    LeaseStatement statement;
    while (true) {
      skip_blanks();
      if (rest_.empty()) return statement;
      if (statement.count == 0) statement.line = line_;
      const char first = rest_.front();
      if (first == ';' || first == '{' || first == '}') {
        rest_.remove_prefix(1);
        statement.end = first;
        return statement;
      }
      const std::string_view word = first == '"' ? take_string() : take_plain();
      if (statement.count < kWordsMax) statement.words[statement.count++] = word;
    }
  }

 private:
  void skip_blanks() {
    while (!rest_.empty()) {
      const char c = rest_.front();
      if (c == '#') {
        rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size()));
        continue;
      }
      if (c != ' ' && c != '\t' && c != '\r' && c != '\n') return;
      if (c == '\n') ++line_;
      rest_.remove_prefix(1);
    }
  }
  std::string_view take_plain() {
    const std::size_t end = std::min(rest_.find_first_of(" \t\r\n;{}\"#"), rest_.size());
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }
  // A string stays on its line: one that was never finished does not swallow the file.
  std::string_view take_string() {
    std::size_t end = 1;
    while (end < rest_.size() && rest_[end] != '"' && rest_[end] != '\n') {
      end += rest_[end] == '\\' && end + 1 < rest_.size() && rest_[end + 1] != '\n' ? 2 : 1;
    }
    end = std::min(end, rest_.size());
    if (end < rest_.size() && rest_[end] == '"') ++end;
    const std::string_view word = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return word;
  }

  std::string_view rest_;
  std::size_t line_ = 1;
};

// "\001RT\000\"" with its quotes.
std::optional<std::vector<std::uint8_t>> unquoted(std::string_view text) {
  if (text.size() < 2 || text.back() != '"') return std::nullopt;
  text = text.substr(1, text.size() - 2);
  std::vector<std::uint8_t> octets;
  while (!text.empty()) {
    if (octets.size() == 255) return std::nullopt;
    std::size_t length = 1;
    unsigned value = static_cast<unsigned char>(text[0]);
    if (text[0] == '\\' && text.size() > 1) {
      const auto is_octal = [&](std::size_t i) {
        return i < text.size() && text[i] >= '0' && text[i] <= '7';
      };
      length = 2;
      value = static_cast<unsigned char>(text[1]);
      if (is_octal(1) && is_octal(2) && is_octal(3)) {
        length = 4;
        value = static_cast<unsigned>((text[1] - '0') * 64 + (text[2] - '0') * 8 + text[3] - '0');
        if (value > 255) return std::nullopt;
      }
    }
    octets.push_back(static_cast<std::uint8_t>(value));
    text.remove_prefix(length);
  }
  return octets;
}

// "2026/11/22 06:00:00", in UTC.
std::optional<std::int64_t> seconds_of(std::string_view date, std::string_view time) {
  std::array<std::int64_t, 3> day{};
  std::array<std::int64_t, 3> clock{};
  const auto read = [](std::string_view text, char separator, auto& to) {
    for (std::size_t i = 0; i < to.size(); ++i) {
      const bool is_last = i + 1 == to.size();
      const std::size_t end = is_last ? text.size() : text.find(separator);
      if (end == std::string_view::npos) return false;
      const auto value = parse_count(text.substr(0, end));
      if (!value) return false;
      to[i] = *value;
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
  };
  if (!read(date, '/', day) || !read(time, ':', clock)) return std::nullopt;
  if (day[0] > 9999 || day[1] > 12 || day[2] > 31 || clock[0] > 23 || clock[1] > 59 ||
      clock[2] > 60) {
    return std::nullopt;
  }
  const std::chrono::year_month_day when{std::chrono::year(static_cast<int>(day[0])),
                                         std::chrono::month(static_cast<unsigned>(day[1])),
                                         std::chrono::day(static_cast<unsigned>(day[2]))};
  if (!when.ok()) return std::nullopt;
  const auto days = std::chrono::sys_days(when).time_since_epoch().count();
  return std::int64_t{days} * 86400 + clock[0] * 3600 + clock[1] * 60 + clock[2];
}

// starts, ends: "never", "epoch 1790000000", or "4 2026/11/22 06:00:00". False: none of them.
bool read_time(const LeaseStatement& statement, std::optional<std::int64_t>& to) {
  if (statement[1] == "never") {
    to.reset();
    return true;
  }
  if (statement.count > 2 && statement[1] == "epoch") {
    to = parse_count(statement[2]);
  } else {
    to = statement.count > 3 ? seconds_of(statement[2], statement[3]) : std::nullopt;
  }
  return to.has_value();
}

bool read_state(std::string_view word, RowState& to) {
  if (word == "active" || word == "bootp" || word == "reserved") {
    to = RowState::bound;
  } else if (word == "expired") {
    to = RowState::expired;
  } else if (word == "abandoned") {
    to = RowState::declined;
  } else if (word == "free" || word == "released" || word == "reset" || word == "backup") {
    to = RowState::released;
  } else {
    return false;
  }
  return true;
}

// One statement inside `lease { }`. Empty when it was understood, or says nothing to us.
std::string_view read_statement(const LeaseStatement& statement, ImportedLease& lease) {
  if (statement.begins("abandoned")) lease.state = RowState::declined;
  if (statement.count < 2) return {};
  if (statement.begins("starts")) {
    std::optional<std::int64_t> since;
    if (!read_time(statement, since)) return "`starts` has no time";
    lease.since = since.value_or(0);
  } else if (statement.begins("ends")) {
    if (!read_time(statement, lease.until)) return "`ends` has no time";
  } else if (statement.begins("binding", "state")) {
    if (statement.count < 3 || !read_state(statement[2], lease.state)) {
      return "its binding state is unknown";
    }
  } else if (statement.begins("hardware", "ethernet")) {
    const auto mac = statement.count > 2 ? MacAddress::parse(statement[2]) : std::nullopt;
    if (!mac) return "its hardware address is none";
    lease.mac = *mac;
  } else if (statement.begins("uid")) {
    const bool is_string = statement[1].starts_with('"');
    auto id = is_string ? unquoted(statement[1]) : parse_octets(statement[1]);
    if (!id) return "its uid is not readable";
    lease.client_id = std::move(*id);
  }
  return {};
}

// Passes over a block whose "{" was read. False: the file ends inside it.
bool pass_over(Statements& statements) {
  for (std::size_t depth = 1; depth > 0;) {
    const LeaseStatement statement = statements.next();
    if (statement.end == 0) return false;
    if (statement.end == '{' && ++depth > kDepthMax) return false;
    if (statement.end == '}') --depth;
  }
  return true;
}

// The block of a lease whose "{" was read. False: the file ends inside it.
bool read_lease(Statements& statements, ImportedLease& lease, std::string_view& why) {
  while (true) {
    const LeaseStatement statement = statements.next();
    if (statement.end == 0) return false;
    if (statement.end == '}') return true;
    if (statement.end == '{') {
      if (!pass_over(statements)) return false;
    } else if (const std::string_view wrong = read_statement(statement, lease); !wrong.empty()) {
      why = wrong;
    }
  }
}

}  // namespace

void read_dhcpd_leases(std::string_view text, ImportedLeases& to) {
  Statements statements(text);
  while (true) {
    const LeaseStatement statement = statements.next();
    if (statement.end == 0) {
      if (statement.count > 0) to.skip(statement.line, "the file ends inside a statement");
      return;
    }
    if (statement.end != '{') continue;
    const bool is_lease = statement.begins("lease");
    ImportedLease lease;
    lease.line = statement.line;
    std::string_view why;
    if (!(is_lease ? read_lease(statements, lease, why) : pass_over(statements))) {
      return to.skip(statement.line, "the file ends inside this block");
    }
    if (!is_lease) continue;
    const auto address = statement.count > 1 ? parse_lease_address(statement[1]) : std::nullopt;
    if (!address) why = "it is of no IPv4 address of a machine";
    lease.address = address.value_or(Ipv4Address{});
    if (why.empty()) {
      to.add(std::move(lease));
    } else {
      to.skip(statement.line, std::string(why));
    }
  }
}

}  // namespace reveille
