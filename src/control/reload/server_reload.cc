// How a server takes on a new configuration.
#include "control/commands/status_text.h"
#include "control/server.h"

namespace reveille {
namespace {

// A line each: the log escapes line ends.
template <class Tell>
void for_each_line(std::string_view text, Tell&& tell) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    tell(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

}  // namespace

void Server::reload(Reloader::Done done) {
  if (!log_.reopen()) log_.warn("the log file could not be opened again");
  reloader_.ask(std::move(done));
}

void Server::turn_reload() {
  if (!reloader_.busy()) return;
  // Copies: the thread knows nothing of this object.
  const auto work = [running = config_, stations = snapshots_.stations(),
                     subnets = snapshots_.subnets(), recorded = imports_.outside(),
                     configure = options_.configure] {
    return prepare(*running, stations, subnets, configure(), recorded);
  };
  reloader_.turn(work, [this](Reloader::Prepared& prepared) { take(prepared); });
}

void Server::take(Reloader::Prepared& prepared) {
  if (!prepared) {
    log_.error("not reloaded, nothing has changed:");
    for_each_line(prepared.error(), [this](std::string_view line) { log_.error(line); });
    return;
  }
  prepared->snapshots.follow(snapshots_);
  disks_.allow(prepared->config->disks);
  auto next = prepared->snapshots.build(images_.catalogue(), disks_.disks());
  if (!next) {
    prepared = tl::unexpected(next.error());
    return take(prepared);
  }
  ++reloads_;
  snapshots_ = std::move(prepared->snapshots);
  config_ = prepared->config;
  workers_->publish(std::move(*next));
  status_ = status_text(*config_, images_.stock());
  for (const std::string& warning : prepared->warnings) log_.warn(warning);
  for (const std::string& part : prepared->need_restart) {
    log_.warn("needs a restart: " + part);
  }
  log_.note("reloaded: " + status_);
}

}  // namespace reveille
