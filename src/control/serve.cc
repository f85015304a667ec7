#include "control/serve.h"

#include <csignal>

#include "control/config/machine_check.h"
#include "control/console.h"
#include "control/log/log.h"
#include "control/open_files.h"
#include "control/server.h"
#include "control/service_notify.h"
#include "control/signals.h"
#include "control/socket/commands.h"
#include "control/socket/control_socket.h"

namespace reveille {
namespace {

// How long events wait for the log, and changed files for the workers.
constexpr auto kTurn = std::chrono::milliseconds{50};
// While somebody waits for what takes many turns.
constexpr auto kShortTurn = std::chrono::milliseconds{1};

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

// nullptr when none is wanted. The usual place may be taken or closed to us, which is worth a
// warning; a place that was asked for must be had.
tl::expected<std::unique_ptr<ControlSocket>, std::string> open_control(const ParsedConfig& parsed,
                                                                       Log& log) {
  const std::string& path = parsed.config.control.socket;
  if (path.empty()) return nullptr;
  auto control = ControlSocket::listen(path);
  if (control || parsed.origins.has("control.socket")) return control;
  log.warn(control.error());
  return nullptr;
}

// Whether it ended as it was asked to.
bool run(Server& server, ControlSocket* control, Log& log, Signals& signals,
         ServiceNotify& notify) {
  Watchdog watchdog(notify);
  while (true) {
    const int descriptor = control == nullptr ? -1 : control->descriptor();
    const std::optional<int> signal =
        signals.wait(server.is_awaited() ? kShortTurn : kTurn, descriptor);
    if (signal && is_end(*signal)) return true;
    // The log says what came of it.
    if (signal == SIGHUP) server.reload([](const Reloader::Prepared&) {});
    server.turn();
    if (const auto failure = server.failure()) {
      log.error(*failure + "; no lease is given any more, and reveille ends");
      return false;
    }
    if (control != nullptr) control->turn(std::chrono::steady_clock::now());
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
  auto log = Log::open(parsed.config.log);
  if (!log) return failed(log.error());
  auto control = open_control(parsed, **log);
  if (!control) return failed(control.error());
  const auto config = std::make_shared<const Config>(std::move(parsed.config));
  if (const auto warning = open_files_warning(*config, raise_open_files())) (*log)->warn(*warning);

  Signals signals;
  ServerOptions options;
  options.interrupted = [&signals] {
    const auto signal = signals.wait(std::chrono::milliseconds{0});
    return signal && is_end(*signal);
  };
  options.configure = [arguments] { return configure(arguments); };
  options.config_file = arguments.config_file;
  auto server = Server::start(config, **log, std::move(options));
  if (!server) return failed(server.error());

  if (*control) {
    (*control)->set_handler([commands = commands_of(**server)](std::string_view request,
                                                               const ControlSocket::Reply& reply) {
      run_command(commands, request, reply);
    });
  }
  ServiceNotify notify;
  notify.ready((*server)->status());
  const bool asked = run(**server, control->get(), **log, signals, notify);
  notify.stopping();
  control->reset();
  (*server)->stop();
  // What was left to write is written by now, or could not be.
  const auto failure = asked ? (*server)->failure() : std::nullopt;
  if (failure) (*log)->error(*failure + "; the last changes of leases are not on disk");
  return asked && !failure ? 0 : 1;
}

}  // namespace reveille
