// The lines of a hosts file, and where what they say belongs: shared by both formats.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include <reveille/config.h>

#include "control/config/problem.h"

namespace reveille {

// A piece of a line, with its place.
struct HostField {
  std::string text;
  unsigned column = 0;  // from 1, in octets
};

// Collects the hosts of one file.
class HostLines {
 public:
  HostLines(std::string_view file, std::size_t hosts_max, std::vector<HostConfig>& to,
            Origins& origins, Problems& problems)
      : file_(file), hosts_max_(hosts_max), to_(to), origins_(origins), problems_(problems) {}

  void at_line(unsigned line) { line_ = line; }
  void error(unsigned column, std::string text);
  // Once a file for each text.
  void warn_once(unsigned column, const std::string& text);

  // Values as they stand in either format; each says what is wrong with them.
  bool read_mac(const HostField& field, HostConfig& host);
  bool read_address(const HostField& field, HostConfig& host);

  // False when there is no room for more: then reading ends.
  [[nodiscard]] bool add(HostConfig host);

 private:
  [[nodiscard]] Origin origin(unsigned column) const {
    return {.option = {}, .line = line_, .column = column, .file = file_};
  }

  std::string_view file_;
  std::size_t hosts_max_;
  std::vector<HostConfig>& to_;
  Origins& origins_;
  Problems& problems_;
  unsigned line_ = 0;
  std::vector<std::string> warned_;
};

// ---- the two formats

// The columns of a CSV file, by its first line; nullopt: it is no such line.
class HostColumns {
 public:
  static bool is_header(std::string_view line);
  // "mac, client_id, uuid, ..."
  static std::string all_names();
  // Says which columns it does not know; false then.
  bool read(std::string_view header, HostLines& lines);
  // One line after it. False when reading ends.
  [[nodiscard]] bool read_host(std::string_view line, HostLines& lines) const;

 private:
  std::vector<std::size_t> columns_;  // by position: index into the names
};

// A dhcp-host line. False when reading ends.
[[nodiscard]] bool read_dnsmasq_host(std::string_view text, HostLines& lines);

}  // namespace reveille
