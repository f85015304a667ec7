// One deadline for each machine, to the millisecond: slots of a wheel, linked through the machines.
#pragma once

#include <span>
#include <vector>

#include "storm/machine.h"

namespace reveille::storm {

class TimerWheel {
 public:
  explicit TimerWheel(std::span<Machine> machines) : machines_(machines), slots_(kSlots, kNobody) {}

  // Sets or moves the machine's deadline. A later one than before costs nothing: the machine
  // stays where it is and is moved on when its slot comes up.
  void set(std::uint32_t number, Instant deadline) {
    Machine& machine = machines_[number];
    machine.deadline = deadline;
    const std::int64_t tick = std::max(tick_of(deadline), now_ + 1);
    if (machine.timer_tick >= 0 && machine.timer_tick <= tick) return;
    unlink(number);
    link(number, tick);
  }
  void clear(std::uint32_t number) { unlink(number); }

  // Calls expire(number) for each machine whose deadline has passed. Deadlines may be set there.
  template <class Expire>
  void advance(Instant now, Expire&& expire) {
    // A deadline inside the current millisecond is due in the next one: never too early.
    const std::int64_t target = now.time_since_epoch() / 1ms;
    while (now_ < target) {
      ++now_;
      std::uint32_t number = slots_[slot_of(now_)];
      while (number != kNobody) {
        Machine& machine = machines_[number];
        const std::uint32_t next = machine.timer_next;
        if (machine.timer_tick == now_) {
          unlink(number);
          if (tick_of(machine.deadline) > now_) {
            link(number, tick_of(machine.deadline));
          } else {
            due_.push_back(number);
          }
        }
        number = next;
      }
      for (const std::uint32_t each : due_) expire(each);
      due_.clear();
    }
  }

 private:
  static constexpr std::int64_t kSlots = 1 << 16;  // 65 s; what lies farther goes round again

  static std::int64_t tick_of(Instant deadline) {
    return (deadline.time_since_epoch() + 1ms - 1ns) / 1ms;
  }
  static std::size_t slot_of(std::int64_t tick) { return static_cast<std::size_t>(tick % kSlots); }

  void link(std::uint32_t number, std::int64_t tick) {
    Machine& machine = machines_[number];
    machine.timer_tick = std::min(tick, now_ + kSlots - 1);
    std::uint32_t& head = slots_[slot_of(machine.timer_tick)];
    machine.timer_previous = kNobody;
    machine.timer_next = head;
    if (head != kNobody) machines_[head].timer_previous = number;
    head = number;
  }
  void unlink(std::uint32_t number) {
    Machine& machine = machines_[number];
    if (machine.timer_tick < 0) return;
    if (machine.timer_previous != kNobody) {
      machines_[machine.timer_previous].timer_next = machine.timer_next;
    } else {
      slots_[slot_of(machine.timer_tick)] = machine.timer_next;
    }
    if (machine.timer_next != kNobody) {
      machines_[machine.timer_next].timer_previous = machine.timer_previous;
    }
    machine.timer_tick = -1;
  }

  std::span<Machine> machines_;
  std::vector<std::uint32_t> slots_;
  std::vector<std::uint32_t> due_;
  std::int64_t now_ = 0;  // the last tick that was looked at
};

}  // namespace reveille::storm
