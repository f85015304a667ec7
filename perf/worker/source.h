// Where the frames of a worker's port come from when there is no wire: the clients of a bench.
#pragma once

#include <cstdint>
#include <span>

#include <rte_mbuf.h>

namespace reveille::bench {

// Owner: the worker's thread, which calls both from inside its own polling. On cache lines of its
// own, as Meter is: what one worker's bench counts is to cost the other nothing.
class alignas(64) Source {
 public:
  virtual ~Source() = default;

  // Makes frames in the buffers of `room`, from the first on; returns how many.
  virtual unsigned fill(std::span<rte_mbuf*> room, std::uint64_t now_cycles) = 0;
  // The worker's frames leave. They are freed afterwards.
  virtual void sent(std::span<rte_mbuf*> frames, std::uint64_t now_cycles) = 0;

  // What the frames are counted as that fill() makes next: an index below kPhases, or kWarmUp.
  static constexpr unsigned kPhases = 2;
  static constexpr unsigned kWarmUp = kPhases;
  [[nodiscard]] virtual unsigned phase() const = 0;
  // Everything wanted has been asked; fill() yields nothing more.
  [[nodiscard]] virtual bool done() const = 0;
};

}  // namespace reveille::bench
