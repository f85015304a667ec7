// "reload": the answer to `reveille reload`, and what the log says of it.
#pragma once

#include "control/reload/reloader.h"
#include "control/socket/commands.h"

namespace reveille {

// Answers when the reload is over.
void run_reload(Server& server, const Json& arguments, Answer answer);

// {"serving": TEXT, "need_restart": [...], "warnings": [...]}; the error has a line for each
// problem, and then nothing has changed.
[[nodiscard]] CommandResult reload_answer(const Reloader::Prepared& prepared,
                                          const std::string& serving);

}  // namespace reveille
