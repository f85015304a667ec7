#include <iostream>
#include <string>
#include <vector>

#include "control/command_line.h"
#include "control/commands/check.h"
#include "control/commands/disks.h"
#include "control/commands/reload.h"
#include "control/commands/status.h"
#include "control/explain/explain.h"
#include "control/import/import.h"
#include "control/leases/leases.h"
#include "control/replay/replay.h"
#include "control/serve.h"

int main(int argc, char** argv) {
  const auto line = reveille::parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
  if (!line) {
    const reveille::CommandLineEnd& end = line.error();
    (end.exit_code == 0 ? std::cout : std::cerr) << end.text;
    return end.exit_code;
  }
  switch (line->verb) {
    case reveille::Verb::serve:
      return reveille::serve(line->config);
    case reveille::Verb::check:
      return reveille::check(line->config);
    case reveille::Verb::replay:
      return reveille::replay(*line);
    case reveille::Verb::explain:
      return reveille::explain(*line);
    case reveille::Verb::status:
      return reveille::status(*line);
    case reveille::Verb::reload:
      return reveille::reload(*line);
    case reveille::Verb::leases:
      return reveille::leases(*line);
    case reveille::Verb::import:
      return reveille::import_config(*line);
    case reveille::Verb::disks:
      return reveille::disks(*line);
    case reveille::Verb::version:
      std::cout << "reveille " REVEILLE_VERSION "\n";
      return 0;
  }
  return 1;
}
