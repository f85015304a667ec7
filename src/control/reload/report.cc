#include "control/reload/report.h"

#include <filesystem>

#include <nlohmann/json.hpp>

#include "control/config/value_text.h"
#include "control/server.h"

namespace reveille {

namespace {

// Whoever names a file means that one.
tl::expected<void, std::string> names_own_file(const Json& arguments, const std::string& own) {
  const auto given = arguments.find("config");
  if (given == arguments.end()) return {};
  if (!given->is_string()) return tl::unexpected(std::string("\"config\" wants a path"));
  if (own.empty()) {
    return tl::unexpected(std::string("this reveille was started without a configuration file"));
  }
  const std::string& path = given->get_ref<const std::string&>();
  std::error_code ignored;
  if (std::filesystem::equivalent(own, path, ignored)) return {};
  return tl::unexpected("this reveille runs with " + in_quotes(own) + ", not with " +
                        in_quotes(path));
}

}  // namespace

CommandResult reload_answer(const Reloader::Prepared& prepared, const std::string& serving) {
  if (!prepared) return tl::unexpected(prepared.error());
  return Json{{"serving", serving},
              {"need_restart", prepared->need_restart},
              {"warnings", prepared->warnings}};
}

void run_reload(Server& server, const Json& arguments, Answer answer) {
  if (auto good = only_arguments(arguments, {"config"}); !good) {
    return answer(tl::unexpected(good.error()));
  }
  if (auto same = names_own_file(arguments, server.config_file()); !same) {
    return answer(tl::unexpected(same.error()));
  }
  server.reload([&server, answer = std::move(answer)](const Reloader::Prepared& prepared) {
    answer(reload_answer(prepared, server.status()));
  });
}

}  // namespace reveille
