#include "control/serve.h"

#include <csignal>

#include "control/console.h"
#include "control/log.h"
#include "control/machine_check.h"
#include "control/server.h"
#include "control/service_notify.h"
#include "control/signals.h"

namespace reveille {
namespace {

// How long events wait for the log, and changed files for the workers.
constexpr auto kTurn = std::chrono::milliseconds{50};

bool is_end(int signal) {
  return signal == SIGINT || signal == SIGTERM;
}

// Feeds the watchdog for as long as every worker lives, not merely this thread.
class Watchdog {
 public:
  explicit Watchdog(ServiceNotify& notify) : notify_(notify) {}

  void turn(const Server& server) {
    const auto now = std::chrono::steady_clock::now();
    if (!notify_.watchdog() || now < next_ || !server.alive()) return;
    notify_.alive();
    next_ = now + *notify_.watchdog();
  }

 private:
  ServiceNotify& notify_;
  std::chrono::steady_clock::time_point next_{};
};

void run(Server& server, Log& log, Signals& signals, ServiceNotify& notify) {
  Watchdog watchdog(notify);
  while (true) {
    const std::optional<int> signal = signals.wait(kTurn);
    if (signal && is_end(*signal)) return;
    if (signal == SIGHUP && !log.reopen()) log.warn("the log file could not be opened again");
    server.turn();
    watchdog.turn(server);
  }
}

}  // namespace

int serve(const ConfigArguments& arguments) {
  ParsedConfig parsed = configure(arguments);
  if (!parsed.problems.any_error()) {
    check_machine(parsed.config, parsed.origins, Purpose::serve, parsed.problems);
  }
  if (!usable(parsed.problems)) return 1;
  const auto config = std::make_shared<const Config>(std::move(parsed.config));

  auto log = Log::open(config->log);
  if (!log) return failed(log.error());
  Signals signals;
  ServerOptions options;
  options.interrupted = [&signals] {
    const auto signal = signals.wait(std::chrono::milliseconds{0});
    return signal && is_end(*signal);
  };
  auto server = Server::start(config, **log, std::move(options));
  if (!server) return failed(server.error());

  ServiceNotify notify;
  notify.ready((*server)->status());
  run(**server, **log, signals, notify);
  notify.stopping();
  (*server)->stop();
  return 0;
}

}  // namespace reveille
