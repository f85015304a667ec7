#include "control/commands/reload.h"

#include <filesystem>
#include <iostream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "control/config/config_arguments.h"
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

// What is wrong with the file says the server, who logs it too; here it only names the socket.
std::optional<std::string> socket_of(const ConfigArguments& arguments) {
  if (arguments.control) return *arguments.control;
  const ParsedConfig parsed = begin_config(arguments);
  if (parsed.readable || usable(parsed.problems)) return parsed.config.control.socket;
  return std::nullopt;
}

// A server that runs with another file is not to be taken for one that has read this one.
Json arguments_of(const ConfigArguments& arguments) {
  if (arguments.config_file.empty()) return Json::object();
  std::error_code ignored;
  return {{"config", std::filesystem::absolute(arguments.config_file, ignored).string()}};
}

// Of a wrong file there is a line for each problem.
int refused(const AskError& error) {
  if (!error.was_answered) return failed("not reloaded: " + error.text);
  failed("not reloaded, nothing has changed:");
  std::istringstream lines(error.text);
  for (std::string line; std::getline(lines, line);) std::cerr << escaped(line) << "\n";
  return 1;
}

}  // namespace

int reload(const CommandLine& line) {
  const auto path = socket_of(line.config);
  if (!path) return 1;
  const auto result = ask(*path, "reload", arguments_of(line.config), kPatience);
  if (!result) return refused(result.error());
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
