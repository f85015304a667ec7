// What can be asked through the control socket.
//
//   {"command":"status"}                               the request, one line
//   {"command":"x","arguments":{"address":"10.0.0.1"}}
//   {"result":{...}}                                   the answer, one line
//   {"error":"why not"}
//
// To add a command: a function of the server and the arguments that returns JSON or a sentence,
// and one line in the table of commands.cc. It runs in the control thread and must be over within
// milliseconds. One that takes longer keeps the `Answer` and gives it when it is done.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include <nlohmann/json_fwd.hpp>
#include <tl/expected.hpp>

namespace reveille {

class Server;

using Json = nlohmann::json;
using CommandResult = tl::expected<Json, std::string>;
// Called once, in the control thread, while the control socket lives.
using Answer = std::function<void(CommandResult)>;

// Runs one request. Whatever it holds, it gets an answer: one line of JSON, without the line end.
void run_command(Server& server, std::string_view request,
                 const std::function<void(std::string)>& reply);

// ---- for the functions behind the commands

// Refuses arguments that the command does not know: a misspelt one must not be ignored.
[[nodiscard]] tl::expected<void, std::string> only_arguments(
    const Json& arguments, std::initializer_list<std::string_view> known);

}  // namespace reveille
