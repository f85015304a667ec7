#include "storm/swarm.h"

#include <algorithm>

namespace reveille::storm {
namespace {

constexpr std::array<Nanoseconds, 6> kArpWaits{250ms, 500ms, 1s, 2s, 4s, 8s};
constexpr Nanoseconds kServerWait = 500ms;
constexpr unsigned kServerTries = 10;

// One entry for each unit of weight, the profiles taking turns.
std::vector<std::uint8_t> order_of(const std::vector<ProfileShare>& shares) {
  std::vector<std::uint8_t> order;
  std::uint32_t most = 1;
  for (const ProfileShare& share : shares) most = std::max(most, share.weight);
  for (std::uint32_t round = 0; round < most; ++round) {
    for (const ProfileShare& share : shares) {
      // As many of the rounds as the profile has weight, evenly among them.
      if (std::uint64_t{round + 1} * share.weight / most !=
          std::uint64_t{round} * share.weight / most) {
        order.push_back(share.profile);
      }
    }
  }
  return order;
}

}  // namespace

Swarm::Swarm(const StormConfig& config, Files& files, Outlet& outlet)
    : config_(config),
      files_(files),
      machines_(config.machines),
      timers_(machines_),
      addresses_(machines_),
      network_(outlet),
      relays_(relays(config.relays, config.first_relay)),
      setting_{config_, files_, network_, machines_, timers_, statistics_},
      dhcp_(setting_, relays_),
      tftp_(setting_),
      random_(config.seed),
      profile_order_(order_of(config.shares)),
      server_found_(relays_.empty()) {
  if (!config_.file.empty()) file_ = files_.number(config_.file);
  for (const std::string& file : config_.then) then_.push_back(files_.number(file));
  boot_seconds_.reserve(config_.machines);
  free_.reserve(config_.machines);
  statistics_.samples.reserve(4096);
}

void Swarm::tick(Instant now) {
  now_ = now;
  if (finished_) return;
  if (!server_found_) {
    find_server(now);
    return;
  }
  timers_.advance(now, [this, now](std::uint32_t number) { expire(number, now); });
  power_on_due(now);
  if (config_.duration) {
    // Whoever is under way at the end of an endless storm has done nothing wrong.
    if (now - begin_ >= *config_.duration) finished_ = true;
  } else if (alive_ == 0 && arrived_ == config_.machines) {
    finished_ = true;
  }
  if (!finished_ && now - begin_ >= config_.timeout) give_up(now);
}

// Relays know their server's MAC address before any machine wakes up.
void Swarm::find_server(Instant now) {
  if (server_tries_ > 0 && now - server_asked_ < kServerWait) return;
  if (server_tries_ == kServerTries) {
    complaint_ = "no server: nobody answers ARP requests for " + config_.server.text();
    finished_ = true;
    return;
  }
  ++server_tries_;
  server_asked_ = now;
  network_.ask(relays_[0].mac, relays_[0].address, config_.server);
}

void Swarm::power_on_due(Instant now) {
  constexpr unsigned kMostAtOnce = 64;  // so that replies are looked at in between
  for (unsigned count = 0; count < kMostAtOnce; ++count) {
    const bool closed = config_.arrival.kind == Arrival::Kind::closed;
    if (closed && alive_ >= config_.arrival.outstanding) return;
    // Past the last machine the rate goes on as before, with those that have finished.
    if (!closed &&
        now - begin_ < config_.arrival.of(statistics_.counters.powered_on, config_.machines)) {
      return;
    }
    if (arrived_ < config_.machines) {
      power_on(arrived_++, now);
    } else if (config_.duration && !free_.empty()) {
      const std::uint32_t number = free_.back();
      free_.pop_back();
      power_on(number, now);
    } else {
      return;
    }
  }
}

void Swarm::power_on(std::uint32_t number, Instant now) {
  Machine& machine = machines_[number];
  const std::uint16_t local_port = machine.local_port;
  timers_.clear(number);
  machine = Machine{};
  machine.local_port = local_port;
  machine.profile = profile_order_[number % profile_order_.size()];
  machine.started = now;
  machine.xid = static_cast<std::uint32_t>(random_());
  ++statistics_.counters.powered_on;
  ++alive_;
  if (config_.only != Only::tftp) {
    dhcp_.discover(number, now);
    return;
  }
  machine.address = {config_.first_address.value + number};
  machine.boot_server = config_.server;
  addresses_.insert(machine.address, number);
  leased(number, false, now);
}

void Swarm::expire(std::uint32_t number, Instant now) {
  switch (machines_[number].stage) {
    case Stage::discovering:
    case Stage::requesting:
    case Stage::asking_boot_server:
      advance(number, dhcp_.expire(number, now), now);
      break;
    case Stage::resolving:
      if (!send_arp(number, now)) end(number, Failure::no_arp, now);
      break;
    case Stage::probing:
    case Stage::opening:
    case Stage::reading:
      advance(number, tftp_.expire(number, now), now);
      break;
    case Stage::off:
    case Stage::booted:
    case Stage::failed:
      break;
  }
}

void Swarm::advance(std::uint32_t number, Progress progress, Instant now) {
  Machine& machine = machines_[number];
  switch (progress) {
    case Progress::waiting:
      return;
    case Progress::failed:
      end(number, machine.failure, now);
      return;
    case Progress::ask_server:
      addresses_.insert(machine.address, number);
      leased(number, true, now);
      return;
    case Progress::done:
      break;
  }
  switch (machine.stage) {
    case Stage::requesting:
      addresses_.insert(machine.address, number);
      leased(number, false, now);
      break;
    case Stage::asking_boot_server:
      leased(number, false, now);
      break;
    default:
      ++machine.files_read;
      open_next(number, now);
  }
}

void Swarm::leased(std::uint32_t number, bool ask_boot_server, Instant now) {
  Machine& machine = machines_[number];
  if (config_.only == Only::dhcp) {
    end(number, Failure::none, now);
    return;
  }
  if (file_ != kNoFile) machine.boot_file = file_;
  machine.asks_boot_server = ask_boot_server;
  if (!machine.resolved) {
    resolve(number, now);
  } else if (ask_boot_server) {
    dhcp_.ask_boot_server(number, now);
  } else {
    open_next(number, now);
  }
}

void Swarm::resolve(std::uint32_t number, Instant now) {
  Machine& machine = machines_[number];
  machine.stage = Stage::resolving;
  machine.tries = 0;
  send_arp(number, now);
}

bool Swarm::send_arp(std::uint32_t number, Instant now) {
  Machine& machine = machines_[number];
  if (!start_wait(setting_, number, kArpWaits, now)) return false;
  statistics_.counters.arps.count(machine.tries > 1);
  network_.ask(setting_.mac(number), machine.address, machine.boot_server);
  return true;
}

// The file that DHCP named, then what the script in it names, then --then.
std::uint16_t Swarm::file_after(const Machine& machine) const {
  std::size_t index = machine.files_read;
  if (index == 0) return machine.boot_file;
  --index;
  if (machine.boot_file != kNoFile) {
    const auto& follows = files_[machine.boot_file].follows;
    if (index < follows.size()) return follows[index];
    index -= follows.size();
  }
  return index < then_.size() ? then_[index] : kNoFile;
}

void Swarm::open_next(std::uint32_t number, Instant now) {
  Machine& machine = machines_[number];
  machine.file = file_after(machine);
  if (machine.file != kNoFile) {
    if (machine.files_read > 0) machine.size_known = false;
    tftp_.open(number, now);
    return;
  }
  end(number, machine.files_read == 0 ? Failure::no_boot_file : Failure::none, now);
}

void Swarm::end(std::uint32_t number, Failure failure, Instant now) {
  Machine& machine = machines_[number];
  timers_.clear(number);
  machine.finished = now;
  machine.failure = failure;
  --alive_;
  if (failure == Failure::none) {
    machine.stage = Stage::booted;
    ++statistics_.counters.booted;
    boot_seconds_.push_back(std::chrono::duration<float>(now - machine.started).count());
  } else {
    machine.stage = Stage::failed;
    ++statistics_.counters.failed[static_cast<std::size_t>(failure)];
  }
  if (config_.duration) free_.push_back(number);
}

void Swarm::give_up(Instant now) {
  for (std::uint32_t number = 0; number < arrived_; ++number) {
    const Stage stage = machines_[number].stage;
    if (stage != Stage::booted && stage != Stage::failed) end(number, Failure::out_of_time, now);
  }
  statistics_.counters.failed[static_cast<std::size_t>(Failure::out_of_time)] +=
      config_.machines - arrived_;
  finished_ = true;
}

std::vector<float> Swarm::boot_seconds() const {
  std::vector<float> sorted = boot_seconds_;
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

}  // namespace reveille::storm
