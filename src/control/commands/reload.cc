#include "control/commands/reload.h"

#include <iostream>

#include <nlohmann/json.hpp>

#include "control/commands/status.h"
#include "control/console.h"
#include "control/log/escape.h"
#include "control/socket/ask.h"

namespace reveille {
namespace {

// Compiling many rules takes seconds.
constexpr std::chrono::minutes kPatience{5};

std::vector<std::string> lines_of(const Json& result, const char* key) {
  std::vector<std::string> lines;
  const auto found = result.find(key);
  if (found == result.end() || !found->is_array()) return lines;
  for (const Json& line : *found) {
    if (line.is_string()) lines.push_back(escaped(line.get<std::string>()));
  }
  return lines;
}

}  // namespace

int reload(const CommandLine& line) {
  const auto path = control_path(line.config);
  if (!path) return 1;
  const CommandResult result = ask(*path, "reload", Json::object(), kPatience);
  if (!result) return failed("not reloaded: " + result.error());
  for (const std::string& warning : lines_of(*result, "warnings")) std::cerr << warning << "\n";
  for (const std::string& part : lines_of(*result, "need_restart")) {
    std::cerr << "reveille: warning: needs a restart: " << part << "\n";
  }
  const auto serving = result->find("serving");
  if (serving != result->end() && serving->is_string()) {
    std::cout << "reloaded: " << escaped(serving->get<std::string>()) << "\n";
  }
  return 0;
}

}  // namespace reveille
