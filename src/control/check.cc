#include "control/check.h"

#include <cstdio>

#include "control/machine_check.h"
#include "control/status_text.h"

namespace reveille {

int check(const ConfigArguments& arguments) {
  ParsedConfig parsed = configure(arguments);
  if (parsed.readable) {
    check_machine(parsed.config, parsed.origins, Purpose::inspect, parsed.problems);
  }
  std::fputs(parsed.problems.text().c_str(), stderr);
  if (parsed.problems.any_error()) return 1;
  std::printf("%s: good: %s\n", parsed.problems.file().c_str(),
              service_text(parsed.config).c_str());
  return 0;
}

}  // namespace reveille
