// A running server: workers on their ports, images, log, and what control does between them.
// serve and replay differ in where the frames come from and in when they end.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/config.h>
#include <reveille/instant.h>

#include "control/build_snapshot.h"
#include "control/interface_watch.h"
#include "control/leases/lease_desk.h"
#include "control/leases/lease_keeping.h"
#include "control/log/log.h"
#include "control/reload/reloader.h"
#include "disk/disk_library.h"
#include "image/library.h"
#include "port/eal.h"
#include "worker/workers.h"

namespace reveille {

struct ServerOptions {
  Workers::Options workers;
  // Asked ten times a second while images are loaded: true gives up.
  std::function<bool()> interrupted;
  // Reads the configuration once more, in another thread; see Server::reload().
  std::function<ParsedConfig()> configure;
  std::string config_file;  // which it reads; empty: none
  // May change our own addresses before anything is served (replay).
  std::function<void(std::vector<Station>&)> adjust_stations;
};

// Control thread only.
class Server : public LeaseDesk {
 public:
  // Opens the ports, loads the images, starts the workers. What went wrong is one sentence, and
  // then nothing is left running. `log` outlives the server.
  static tl::expected<std::unique_ptr<Server>, std::string> start(
      std::shared_ptr<const Config> config, Log& log, ServerOptions options);
  ~Server() override;

  // What control does over and over, about twenty times a second: events to the log, changed
  // files to the workers, old images away. Returns how many events there were.
  std::size_t turn();

  // Why no lease can be given any more: whoever runs the server stops it and says so.
  [[nodiscard]] std::optional<std::string> failure() const {
    return leases_ ? leases_->failure() : std::nullopt;
  }

  // Each worker has shown within the last seconds that it still looks at its ports.
  [[nodiscard]] bool alive() const;
  [[nodiscard]] bool exhausted() const { return workers_->exhausted(); }

  // What is served where, in one line.
  [[nodiscard]] const std::string& status() const { return status_; }

  // Starts a new log file, and takes on what ServerOptions::configure reads, as far as that needs
  // no restart. The workers go on as they are until it is ready, and then see it whole from one
  // burst to the next. What came of it is logged, and told to `done` in a later turn(); an error
  // has changed nothing.
  void reload(Reloader::Done done);

  // What came of an order is logged, and told in a later turn(). That leases of another server have
  // come is logged when no more do.
  void order_lease(LeaseOrder::Kind kind, Ipv4Address address, LeaseOrders::Done done) override;
  void import_leases(std::vector<LeaseChange> leases, LeaseImports::Done done) override;
  [[nodiscard]] std::optional<ForeignTerms> foreign_terms() const override;
  // turn() has something to do that somebody waits for.
  [[nodiscard]] bool is_awaited() const { return imports_.is_busy(); }

  [[nodiscard]] const Config& config() const { return *config_; }
  [[nodiscard]] const std::string& config_file() const { return options_.config_file; }
  [[nodiscard]] const Subnets& subnets() const { return *snapshots_.subnets(); }
  [[nodiscard]] const Workers& workers() const { return *workers_; }
  [[nodiscard]] const InterfaceWatch& interfaces() const { return interfaces_; }
  [[nodiscard]] ImageStock images() const { return images_.stock(); }
  [[nodiscard]] std::shared_ptr<const Disks> disks() const { return disks_.disks(); }
  [[nodiscard]] Nanoseconds uptime() const { return workers_->now() - started_; }

  // Ends the workers, logs what is still to be said and the table of outcomes. Once.
  void stop();

 private:
  Server(std::shared_ptr<const Config> config, Log& log, ServerOptions options, Eal eal,
         std::unique_ptr<Workers> workers);

  void note(const std::string& text);  // unless the log is quiet
  void set_clock();
  [[nodiscard]] Instant now() const;  // for the log
  [[nodiscard]] bool serves_images() const;
  tl::expected<void, std::string> load_images();
  tl::expected<void, std::string> load_leases();
  tl::expected<void, std::string> load_disks();
  tl::expected<void, std::string> launch();
  void tell_news(const ImageNews& news);
  std::size_t drain_events();
  void watch_images();
  void watch_disks();
  void tell_disks();
  void publish();
  void each_second();
  [[nodiscard]] LeaseImports::Way way_of_imports();
  void tell_imports();
  void tell_interfaces();
  // reload_server.cc
  void turn_reload();
  void take(Reloader::Prepared& prepared);
  void tell_port_losses();
  void tell_leases();

  // Destroyed from below: workers before the EAL, images after the workers that read them.
  std::shared_ptr<const Config> config_;
  Log& log_;
  ServerOptions options_;
  Eal eal_;
  ImageLibrary images_;
  DiskLibrary disks_;
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<LeaseKeeping> leases_;  // nullptr: kept in memory only
  LeaseOrders orders_;
  LeaseImports imports_;
  SnapshotBuilder snapshots_;
  std::uint64_t reloads_ = 0;  // that took effect
  Reloader reloader_;          // its thread reads what stands above
  InterfaceWatch interfaces_;
  std::string status_;
  Instant started_{};
  Instant next_second_{};
  Instant last_event_{};
  std::uint64_t events_lost_ = 0;
  std::uint64_t imports_seen_ = 0;  // a second ago
  std::uint64_t imports_told_ = 0;
  bool stopped_ = false;
};

}  // namespace reveille
