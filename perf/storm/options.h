// The command line of reveille-storm.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storm/disk_options.h"
#include "storm/flood.h"
#include "storm/port.h"
#include "storm/storm_config.h"

namespace reveille::storm {

enum class Command : std::uint8_t { run, ceiling, serve_ideal, disk, image, flood, report };

struct Options {
  Command command = Command::run;
  StormConfig storm;
  DiskOptions disk;
  FloodConfig flood;
  PortConfig port;
  PortConfig responder_port;          // ceiling: the other end
  std::string root;                   // what the server serves
  std::vector<std::string> expected;  // FILE=PATH
  Ipv4Address ideal_address;
  std::uint64_t ideal_bytes = 1 << 20;
  std::string ideal_file;  // which it serves instead

  std::string image_file;  // image: which it writes
  std::uint64_t image_mebibytes = 256;

  std::string label;  // in tables and plots
  std::string json_file;
  std::string html_file;
  std::optional<std::string> ceiling_json;
  bool quiet = false;
  std::vector<std::string> reports;  // report: JSON files
};

// What to do, or the exit status when the command line has been answered already (help, errors).
struct Parsed {
  std::optional<Options> options;
  int status = 0;
};
Parsed parse_command_line(int argc, const char* const* argv);

}  // namespace reveille::storm
