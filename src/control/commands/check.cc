#include "control/commands/check.h"

#include <iostream>

#include "control/commands/status_text.h"
#include "control/config/machine_check.h"
#include "control/console.h"

namespace reveille {

int check(const ConfigArguments& arguments) {
  ParsedConfig parsed = configure(arguments);
  if (parsed.readable) {
    check_machine(parsed.config, parsed.origins, Purpose::inspect, parsed.problems);
  }
  if (!usable(parsed.problems)) return 1;
  std::cout << parsed.problems.file() << ": good: " << service_text(parsed.config) << "\n";
  return 0;
}

}  // namespace reveille
