// The words after `reveille`.
#pragma once

#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/config/config_arguments.h"
#include "control/explain/client_words.h"

namespace reveille {

enum class Verb : std::uint8_t {
  serve,
  check,
  replay,
  explain,
  status,
  reload,
  leases,
  import,
  disks,
  version,
};

enum class LeasesVerb : std::uint8_t { list, release, reserve, import };
enum class LeasesFormat : std::uint8_t { table, csv, json };

struct CommandLine {
  Verb verb = Verb::serve;
  ConfigArguments config;
  std::string capture;     // replay: the frames to answer; explain: may be empty
  std::string answers;     // replay: where the answers go; empty: nowhere
  bool json = false;       // status, explain, disks: JSON instead of tables
  ClientWords client;      // explain
  bool all_rules = false;  // explain: not only those that came closest
  LeasesVerb leases_verb = LeasesVerb::list;
  LeasesFormat leases_format = LeasesFormat::table;
  std::string lease_address;  // leases release, leases reserve
  std::string import_file;
  std::string import_format;  // empty: by its looks
  std::string import_to;      // empty: standard output
  std::string lease_file;     // leases import
};

// Why there is nothing to do: help was asked for (0, to standard output), or the words make no
// sense (1, to standard error).
struct CommandLineEnd {
  int exit_code = 0;
  std::string text;
};

// `words` without the program's name.
[[nodiscard]] tl::expected<CommandLine, CommandLineEnd> parse_command_line(
    std::vector<std::string> words);

}  // namespace reveille
