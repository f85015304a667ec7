#include "control/reload/report.h"

#include <nlohmann/json.hpp>

#include "control/server.h"

namespace reveille {

CommandResult reload_answer(const Reloader::Prepared& prepared, const std::string& serving) {
  if (!prepared) return tl::unexpected(prepared.error());
  return Json{{"serving", serving},
              {"need_restart", prepared->need_restart},
              {"warnings", prepared->warnings}};
}

void run_reload(Server& server, const Json& arguments, Answer answer) {
  if (auto good = only_arguments(arguments, {}); !good) {
    return answer(tl::unexpected(good.error()));
  }
  server.reload([&server, answer = std::move(answer)](const Reloader::Prepared& prepared) {
    answer(reload_answer(prepared, server.status()));
  });
}

}  // namespace reveille
