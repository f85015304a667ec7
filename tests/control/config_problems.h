// What is said of a configuration, and the parts that nearly each one has.
#pragma once

#include <string>

#include "control/config/config_check.h"
#include "control/config/config_file.h"

namespace reveille {

// Of a file `f`, parsed and checked.
inline std::string problems_of(const std::string& toml) {
  ParsedConfig parsed = parse_config(toml, "f");
  check_config(parsed.config, parsed.origins, parsed.problems);
  return parsed.problems.text();
}

// Lines 1 to 3.
inline const std::string kLink =
    "[[interface]]\ninterface = \"eth1\"\naddress = \"10.77.0.1/16\"\n";
inline const std::string kImages = "[images]\nroot = \"/srv/boot\"\n";
inline const std::string kProxy = "[dhcp]\nmode = \"proxy\"\n";

}  // namespace reveille
