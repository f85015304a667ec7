#include "control/socket/commands.h"

#include <algorithm>
#include <iterator>

#include <nlohmann/json.hpp>

#include "control/config/problem.h"
#include "control/reload/report.h"
#include "control/server.h"
#include "control/socket/disks_report.h"
#include "control/socket/lease_commands.h"
#include "control/socket/status_report.h"

namespace reveille {
namespace {

struct CommandRequest {
  const Command* command = nullptr;
  Json arguments = Json::object();
};

std::string names_of(const Commands& commands) {
  std::string all;
  for (const Command& command : commands) {
    all += (all.empty() ? "" : ", ") + std::string(command.name);
  }
  return all;
}

tl::expected<CommandRequest, std::string> parse_request(const Commands& commands,
                                                        std::string_view line) {
  Json json = Json::parse(line, nullptr, false);
  if (!json.is_object()) return tl::unexpected(std::string("a request is one JSON object a line"));
  CommandRequest request;
  std::string name;
  for (auto& [key, value] : json.items()) {
    if (key == "command" && value.is_string()) {
      name = value.get<std::string>();
    } else if (key == "arguments" && value.is_object()) {
      // A copy of lists in lists would go as deep in the stack as they do.
      request.arguments = std::move(value);
    } else {
      return tl::unexpected("a request has \"command\" (text) and \"arguments\" (object), not " +
                            in_quotes(key) + " of this kind");
    }
  }
  const auto found = std::ranges::find(commands, name, &Command::name);
  if (found == commands.end()) {
    return tl::unexpected("there is no command " + in_quotes(name) + "; there are " +
                          names_of(commands));
  }
  request.command = &*found;
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

// Of one that is over at once.
auto at_once(CommandResult (*run)(Server&, const Json&), Server& server) {
  return [run, &server](const Json& arguments, const Answer& answer) {
    answer(run(server, arguments));
  };
}

}  // namespace

Commands commands_of(Server& server) {
  Commands all{{"status", at_once(report_status, server)},
               {"reload", [&server](const Json& arguments, Answer answer) {
                  run_reload(server, arguments, std::move(answer));
                }}};
  std::ranges::move(lease_commands_of(server), std::back_inserter(all));
  all.push_back({"disks", at_once(report_disks, server)});
  return all;
}

void run_command(const Commands& commands, std::string_view request,
                 const std::function<void(std::string)>& reply) {
  const auto parsed = parse_request(commands, request);
  if (!parsed) return reply(answer_line(tl::unexpected(parsed.error())));
  parsed->command->run(parsed->arguments,
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
