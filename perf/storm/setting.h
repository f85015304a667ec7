// What the parts of a machine's boot share.
#pragma once

#include <span>

#include "storm/files.h"
#include "storm/network.h"
#include "storm/profile.h"
#include "storm/statistics.h"
#include "storm/storm_config.h"
#include "storm/timer_wheel.h"

namespace reveille::storm {

struct Setting {
  const StormConfig& config;
  Files& files;
  Network& network;
  std::span<Machine> machines;
  TimerWheel& timers;
  Statistics& statistics;

  [[nodiscard]] Counters& counters() const { return statistics.counters; }
  [[nodiscard]] MacAddress mac(std::uint32_t number) const {
    return mac_of(config.first_machine + number);
  }
  [[nodiscard]] const Profile& profile(const Machine& machine) const {
    return profiles()[machine.profile];
  }
};

// What came of a frame or of a timer, for the machine.
enum class Progress : std::uint8_t {
  waiting,
  done,        // this part of the boot
  ask_server,  // the boot server has to be asked on port 4011
  failed,      // machine.failure says why
};

// Notes a request that leaves now, and starts its timer. False: it was the last of `waits`.
inline bool start_wait(const Setting& setting, std::uint32_t number, Waits waits, Instant now) {
  Machine& machine = setting.machines[number];
  if (machine.tries >= waits.size()) return false;
  if (machine.tries == 0) machine.first_sent = now;
  machine.last_sent = now;
  setting.timers.set(number, now + waits[machine.tries++]);
  return true;
}

}  // namespace reveille::storm
