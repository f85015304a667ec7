// What the command line says of the configuration, laid over the file.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "control/config/config_file.h"

namespace reveille {

// As written; not checked yet. Absent means: as the file has it, else the default.
struct ConfigArguments {
  struct Port {
    std::string_view option;  // "--interface", "--device" or "--vdev"
    std::string value;
  };
  std::string config_file;
  std::vector<Port> ports;             // in the order given
  std::optional<std::string> driver;   // of all kernel interfaces
  std::vector<std::string> addresses;  // the k-th belongs to the k-th port
  std::vector<std::string> pools;
  bool proxy = false;
  std::optional<std::string> root;
  std::optional<std::string> leases;
  std::optional<std::string> workers;
  std::optional<std::string> idle;
  std::optional<std::string> log_format;
  std::optional<std::string> log_file;
  bool quiet = false;
  std::optional<std::string> control;
};

// Ports replace the interfaces of the file; pools replace those of the subnets that they fall
// into, and make a subnet of the interface's network where the file has none. What cannot be
// understood becomes a problem that names the option. check_config() is the caller's next step.
void apply_arguments(const ConfigArguments& arguments, ParsedConfig& to);

// The file with its hosts files, if one is named, else nothing but defaults.
[[nodiscard]] ParsedConfig begin_config(const ConfigArguments& arguments);

// begin_config() with the arguments laid over it, checked.
[[nodiscard]] ParsedConfig configure(const ConfigArguments& arguments);

}  // namespace reveille
