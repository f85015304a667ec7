// What can be asked through the control socket.
//
//   {"command":"status"}                               the request, one line
//   {"command":"x","arguments":{"address":"10.0.0.1"}}
//   {"result":{...}}                                   the answer, one line
//   {"error":"why not"}
//
// To add a command: a function of the server and the arguments that returns JSON or a sentence,
// and one line in commands_of(). It runs in the control thread and must be over within
// milliseconds. One that takes longer keeps the `Answer` and gives it when it is done.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

namespace reveille {

class Server;

using Json = nlohmann::json;
using CommandResult = tl::expected<Json, std::string>;
// Called once, in the control thread, while the control socket lives.
using Answer = std::function<void(CommandResult)>;

struct Command {
  std::string_view name;
  std::function<void(const Json& arguments, Answer answer)> run;
};
using Commands = std::vector<Command>;

// All there are. The server outlives them.
[[nodiscard]] Commands commands_of(Server& server);

// Runs one request. Whatever it holds, it gets an answer: one line of JSON, without the line end.
void run_command(const Commands& commands, std::string_view request,
                 const std::function<void(std::string)>& reply);

// ---- for the functions behind the commands

// Refuses arguments that the command does not know: a misspelt one must not be ignored.
[[nodiscard]] tl::expected<void, std::string> only_arguments(
    const Json& arguments, std::initializer_list<std::string_view> known);

}  // namespace reveille
