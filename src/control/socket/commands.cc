#include "control/socket/commands.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "control/config/problem.h"
#include "control/reload/report.h"
#include "control/socket/disks_report.h"
#include "control/socket/lease_commands.h"
#include "control/socket/status_report.h"

namespace reveille {
namespace {

using AtOnce = CommandResult (*)(Server&, const Json& arguments);
using Later = void (*)(Server&, const Json& arguments, Answer answer);

// One of the two.
struct Command {
  std::string_view name;
  AtOnce at_once;
  Later later = nullptr;
};

constexpr std::array kCommands{
    Command{"status", report_status},         Command{"reload", nullptr, run_reload},
    Command{"release", nullptr, run_release}, Command{"reserve", nullptr, run_reserve},
    Command{"import", nullptr, run_import},   Command{"disks", report_disks},
};

struct CommandRequest {
  const Command* command = nullptr;
  Json arguments = Json::object();
};

std::string known_commands() {
  std::string all;
  for (const Command& command : kCommands) {
    all += (all.empty() ? "" : ", ") + std::string(command.name);
  }
  return all;
}

tl::expected<CommandRequest, std::string> parse_request(std::string_view line) {
  const Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return tl::unexpected(std::string("a request is one JSON object a line"));
  CommandRequest request;
  std::string name;
  for (const auto& [key, value] : json.items()) {
    if (key == "command" && value.is_string()) {
      name = value.get<std::string>();
    } else if (key == "arguments" && value.is_object()) {
      request.arguments = value;
    } else {
      return tl::unexpected("a request has \"command\" (text) and \"arguments\" (object), not " +
                            in_quotes(key) + " of this kind");
    }
  }
  const auto* const found =
      std::find_if(kCommands.begin(), kCommands.end(),
                   [&name](const Command& command) { return command.name == name; });
  if (found == kCommands.end()) {
    return tl::unexpected("there is no command " + in_quotes(name) + "; there are " +
                          known_commands());
  }
  request.command = found;
  return request;
}

std::string answer_line(const CommandResult& result) {
  Json answer;
  if (result) {
    answer["result"] = *result;
  } else {
    answer["error"] = result.error();
  }
  // Names of files and machines need not be UTF-8.
  return answer.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace

void run_command(Server& server, std::string_view request,
                 const std::function<void(std::string)>& reply) {
  const auto parsed = parse_request(request);
  if (!parsed) return reply(answer_line(tl::unexpected(parsed.error())));
  const Command& command = *parsed->command;
  if (command.at_once != nullptr) {
    return reply(answer_line(command.at_once(server, parsed->arguments)));
  }
  command.later(server, parsed->arguments,
                [reply](const CommandResult& result) { reply(answer_line(result)); });
}

tl::expected<void, std::string> only_arguments(const Json& arguments,
                                               std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : arguments.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return tl::unexpected("there is no argument " + in_quotes(key));
    }
  }
  return {};
}

}  // namespace reveille
