#include "control/server.h"

#include <algorithm>
#include <ctime>
#include <future>
#include <utility>

#include "control/commands/status_text.h"
#include "control/config/value_text.h"
#include "control/log/event_text.h"

namespace reveille {
namespace {

constexpr auto kLookAgain = std::chrono::milliseconds{100};
// A load that takes longer is announced: the operator should not wonder.
constexpr auto kSoon = std::chrono::milliseconds{500};
// Workers write their account each 100 ms; a debugger or a loaded machine may hold them a while.
constexpr Nanoseconds kSignOfLife = 2s;

std::string text(const ImageProblem& problem) {
  return "not served: " + problem.file + ": " + problem.text;
}

std::vector<Station> adjusted(std::vector<Station> stations, const ServerOptions& options) {
  if (options.adjust_stations) options.adjust_stations(stations);
  return stations;
}

LeaseOrders::Way way_of_orders(Workers& workers) {
  return {.workers = workers.count(),
          .order = [&workers](const LeaseOrder& order) { workers.order_lease(order); },
          .answers = [&workers](const auto& tell) { workers.take_order_answers(tell); }};
}

}  // namespace

tl::expected<std::unique_ptr<Server>, std::string> Server::start(
    std::shared_ptr<const Config> config, Log& log, ServerOptions options) {
  auto eal = Eal::start(eal_needs(*config));
  if (!eal) return tl::unexpected(eal.error());
  options.workers.durable_leases = keeps_leases(*config);
  auto workers = Workers::open(*eal, *config, options.workers);
  if (!workers) return tl::unexpected(workers.error());
  std::unique_ptr<Server> server(
      new Server(std::move(config), log, std::move(options), std::move(*eal), std::move(*workers)));
  if (auto loaded = server->load_leases(); !loaded) return tl::unexpected(loaded.error());
  if (auto loaded = server->load_images(); !loaded) return tl::unexpected(loaded.error());
  if (auto loaded = server->load_disks(); !loaded) return tl::unexpected(loaded.error());
  if (auto launched = server->launch(); !launched) return tl::unexpected(launched.error());
  return server;
}

Server::Server(std::shared_ptr<const Config> config, Log& log, ServerOptions options, Eal eal,
               std::unique_ptr<Workers> workers)
    : config_(std::move(config)),
      log_(log),
      options_(std::move(options)),
      eal_(std::move(eal)),
      images_(config_->images, config_->tftp.ignore_case),
      disks_(*config_, config_->workers.count),
      workers_(std::move(workers)),
      orders_(way_of_orders(*workers_)),
      imports_(way_of_imports()),
      snapshots_(config_, adjusted(workers_->stations(), options_)),
      interfaces_(*config_) {}

Server::~Server() {
  workers_->stop();
  disks_.stop();  // its threads use disks that the last snapshot alone may hold
  if (leases_) leases_->stop();
}

tl::expected<void, std::string> Server::load_leases() {
  auto leases = LeaseKeeping::open(*config_, *workers_);
  if (!leases) return tl::unexpected(leases.error());
  leases_ = std::move(*leases);
  if (leases_) {
    snapshots_ = SnapshotBuilder(config_, snapshots_.stations(), leases_->stored().leases);
  }
  return {};
}

// The library belongs to this thread; while it loads, this thread only waits.
tl::expected<void, std::string> Server::load_images() {
  if (!serves_images()) return {};
  std::stop_source stop;
  auto loading =
      std::async(std::launch::async, [this, &stop] { return images_.load(stop.get_token()); });
  const auto began = std::chrono::steady_clock::now();
  bool announced = false;
  while (loading.wait_for(kLookAgain) != std::future_status::ready) {
    if (options_.interrupted && options_.interrupted()) stop.request_stop();
    if (!announced && std::chrono::steady_clock::now() - began >= kSoon) {
      note("loading the images of " + config_->images.root);
      announced = true;
    }
  }
  auto news = loading.get();
  if (stop.stop_requested()) return tl::unexpected(std::string("interrupted while loading images"));
  if (!news) return tl::unexpected(news.error());
  for (const ImageProblem& problem : news->problems) log_.warn(text(problem));
  return {};
}

tl::expected<void, std::string> Server::load_disks() {
  if (config_->disks.empty()) return {};
  std::stop_source stop;
  auto loading =
      std::async(std::launch::async, [this, &stop] { return disks_.load(stop.get_token()); });
  const auto began = std::chrono::steady_clock::now();
  bool announced = false;
  while (loading.wait_for(kLookAgain) != std::future_status::ready) {
    if (options_.interrupted && options_.interrupted()) stop.request_stop();
    if (!announced && std::chrono::steady_clock::now() - began >= kSoon) {
      note("loading the disks");
      announced = true;
    }
  }
  auto loaded = loading.get();
  if (loaded) tell_disks();
  return loaded;
}

void Server::tell_disks() {
  for (const std::string& problem : disks_.problems()) log_.warn(problem);
}

tl::expected<void, std::string> Server::launch() {
  auto snapshot = snapshots_.build(images_.catalogue(), disks_.disks());
  if (!snapshot) return tl::unexpected(snapshot.error());
  auto started = workers_->start(std::move(*snapshot), leases_ ? &leases_->stored() : nullptr);
  if (!started) return started;
  started_ = workers_->now();
  if (leases_) leases_->start();
  set_clock();
  status_ = status_text(*config_, images_.stock());
  log_.note(status_);
  tell_leases();
  for (const PortReport& port : workers_->ports()) {
    note(port_text(port));
    for (const std::string& warning : port.warnings) log_.warn(warning);
  }
  if (!eal_.hugepages()) {
    note("no hugepages are free: serving from ordinary memory, which is slower");
  }
  return {};
}

void Server::tell_leases() {
  if (leases_) return note(leases_->status());
  const bool is_said = options_.workers.frame_clock || config_->dhcp.mode != DhcpMode::server;
  if (!is_said) log_.warn("leases are kept in memory only: they are gone when this process ends");
}

void Server::order_lease(LeaseOrder::Kind kind, Ipv4Address address, LeaseOrders::Done done) {
  const std::string what =
      address.text() +
      (kind == LeaseOrder::Kind::release ? " released by an operator" : " reserved by an operator");
  orders_.ask(kind, address,
              [this, what, done = std::move(done)](const LeaseOrders::Result& result) {
                if (result) log_.note(what);
                done(result);
              });
}

LeaseImports::Way Server::way_of_imports() {
  return {.workers = workers_->count(),
          .import = [this](LeaseImport& leases) { workers_->import_leases(leases); },
          .imported = [this] { return workers_->imported(); },
          .add = [this](Committer::Addition& addition) { leases_->add(addition); },
          .added = [this] { return leases_->added(); },
          .plan = [this]() -> std::optional<std::uint64_t> {
            if (reloader_.busy()) return std::nullopt;
            return reloads_;
          }};
}

std::optional<ForeignTerms> Server::foreign_terms() const {
  if (!leases_) return std::nullopt;
  return ForeignTerms{.identity = config_->dhcp.identity,
                      .key_seed = leases_->stored().key_seed,
                      .now = workers_->now(),
                      .wall_seconds = std::time(nullptr)};
}

void Server::import_leases(std::vector<LeaseChange> leases, LeaseImports::Done done) {
  imports_.ask(std::move(leases), std::move(done));
}

void Server::tell_imports() {
  const std::uint64_t count = imports_.count();
  const bool more_come = std::exchange(imports_seen_, count) != count || imports_.is_busy();
  if (more_come || count == imports_told_) return;
  const std::uint64_t news = count - std::exchange(imports_told_, count);
  log_.note(count_text(news) + (news == 1 ? " lease" : " leases") +
            " of another server taken over for an operator");
}

void Server::note(const std::string& text) {
  if (!config_->log.quiet) log_.note(text);
}

// A replay happens when its frames were captured; their time is that of the epoch.
void Server::set_clock() {
  if (options_.workers.frame_clock) {
    log_.set_clock(Instant{}, {});
  } else {
    log_.set_clock(workers_->now(), std::chrono::system_clock::now());
  }
}

Instant Server::now() const {
  return options_.workers.frame_clock ? last_event_ : workers_->now();
}

bool Server::serves_images() const {
  return config_->tftp.enabled && !config_->images.root.empty();
}

std::size_t Server::turn() {
  const std::size_t events = drain_events();
  watch_images();
  turn_reload();
  orders_.turn(workers_->now());
  imports_.turn(workers_->now());
  watch_disks();
  if (const Instant now = workers_->now(); now >= next_second_) {
    next_second_ = now + 1s;
    each_second();
  }
  return events;
}

std::size_t Server::drain_events() {
  const bool quiet = config_->log.quiet;
  return workers_->drain_events([&](const Event& event) {
    last_event_ = std::max(last_event_, event.at);
    if (!quiet || is_trouble(event)) log_.write(event);
  });
}

void Server::watch_images() {
  if (!serves_images() || options_.workers.frame_clock) return;
  const auto news = images_.poll(workers_->now());
  if (!news) return;
  if (news->catalogue_changed) publish();
  tell_news(*news);
}

void Server::publish() {
  if (auto next = snapshots_.build(images_.catalogue(), disks_.disks())) {
    workers_->publish(std::move(*next));
  }
}

// Clients that run keep the version that they have; those that boot from now on get the new one.
void Server::watch_disks() {
  const auto news = disks_.poll(workers_->now());
  if (!news) return;
  for (const std::string& problem : news->problems) log_.warn(problem);
  publish();  // also when there is but one more problem to tell who asks
  for (const std::string& file : news->replaced) {
    note("machines that boot from now on get the new " + file);
  }
}

void Server::tell_news(const ImageNews& news) {
  for (const ImageProblem& problem : news.problems) log_.warn(text(problem));
  if (!news.catalogue_changed) return;
  const auto tell = [this](const std::vector<std::string>& names, const std::string& what) {
    constexpr std::size_t kNamedMax = 10;
    for (std::size_t i = 0; i < std::min(names.size(), kNamedMax); ++i) {
      note(what + " " + names[i]);
    }
    if (names.size() > kNamedMax) {
      note(what + " " + std::to_string(names.size() - kNamedMax) + " more files");
    }
  };
  tell(news.added, "now serving");
  tell(news.replaced, "now serving the new");
  tell(news.removed, "no longer serving");
}

void Server::each_second() {
  set_clock();
  log_.tick(now());
  tell_imports();
  tell_interfaces();
  workers_->retire();
  // Workers let go of an image only when nothing transmitted refers to it.
  images_.retire([](const Image&) { return true; });
  tell_disks();
  if (const auto warning = leases_ ? leases_->warning() : std::nullopt) log_.warn(*warning);
  const std::uint64_t lost = workers_->statistics().sum().events_lost;
  if (lost > events_lost_) log_.lost(lost - events_lost_);
  events_lost_ = lost;
}

void Server::tell_interfaces() {
  for (const InterfaceWatch::News& news : interfaces_.look()) {
    if (news.is_trouble) {
      log_.warn(news.text);
    } else {
      note(news.text);
    }
  }
}

bool Server::alive() const {
  if (leases_ && !leases_->alive()) return false;
  const Instant now = workers_->now();
  const Statistics statistics = workers_->statistics();
  return std::all_of(
      statistics.workers.begin(), statistics.workers.end(),
      [now](const WorkerStatistics& worker) { return now - worker.written_at < kSignOfLife; });
}

void Server::tell_port_losses() {
  for (const PortStatistics& port : workers_->statistics().ports) {
    const auto tell = [&](std::uint64_t frames, const std::string& why) {
      if (frames > 0) log_.warn("port " + port.name + ": " + std::to_string(frames) + why);
    };
    tell(port.missed, " frames lost, the receive queue was full");
    tell(port.no_buffer, " frames lost, no receive buffer was free");
    tell(port.receive_errors, " frames received with errors");
    tell(port.transmit_errors, " frames could not be sent");
  }
}

void Server::stop() {
  if (stopped_) return;
  stopped_ = true;
  workers_->stop();
  if (leases_) leases_->stop();
  while (drain_events() > 0) {
  }
  each_second();
  tell_port_losses();
  std::vector<OutcomeCounts> counts;
  for (const WorkerStatistics& worker : workers_->statistics().workers) {
    counts.push_back(worker.outcomes);
  }
  log_.finish(now(), counts);
}

}  // namespace reveille
