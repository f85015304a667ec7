#include "control/socket/lease_commands.h"

#include <nlohmann/json.hpp>

#include "control/server.h"

namespace reveille {
namespace {

void run_order(LeaseOrder::Kind kind, Server& server, const Json& arguments, Answer answer) {
  if (auto good = only_arguments(arguments, {"address"}); !good) {
    return answer(tl::unexpected(good.error()));
  }
  const auto given = arguments.find("address");
  const auto address = given != arguments.end() && given->is_string()
                           ? Ipv4Address::parse(given->get<std::string>())
                           : std::nullopt;
  if (!address) {
    return answer(
        tl::unexpected(std::string("\"address\" wants an address such as \"10.77.1.5\"")));
  }
  server.order_lease(kind, *address, [answer = std::move(answer)](const LeaseOrders::Result& done) {
    answer(done ? CommandResult(Json::object()) : tl::unexpected(done.error()));
  });
}

}  // namespace

void run_release(Server& server, const Json& arguments, Answer answer) {
  run_order(LeaseOrder::Kind::release, server, arguments, std::move(answer));
}

void run_reserve(Server& server, const Json& arguments, Answer answer) {
  run_order(LeaseOrder::Kind::reserve, server, arguments, std::move(answer));
}

}  // namespace reveille
