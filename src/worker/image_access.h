// Image bytes on their way out: who still reads them, and which devices can reach them.
//
// A frame whose payload stays in the image holds a reference of the image's Hold for the worker
// that sent it, in Image::Hold::transmit_state; the port gives it back by freeing the segment.
#pragma once

#include <atomic>
#include <cstdint>
#include <new>
#include <unordered_map>
#include <vector>

#include <rte_mbuf.h>

#include "image/image.h"

namespace reveille {

// What lies in Image::Hold::transmit_state. All zero: not admitted, to be copied.
struct TransmitState {
  rte_mbuf_ext_shared_info shared;
  // References that are counted already and belong to no frame yet: taking many at once costs one
  // atomic operation. Written by the worker.
  std::atomic<std::uint16_t> spare;
  bool admitted;
  bool in_place;  // may be sent without a copy ...
  bool mapped;    // ... by physical devices too
};

[[nodiscard]] inline TransmitState& transmit_state(const Image& image, unsigned worker) {
  return *std::launder(reinterpret_cast<TransmitState*>(image.hold(worker).transmit_state.data()));
}
// Counts more references at once; returns how many.
std::uint16_t take_references(TransmitState& state);
// Counts one more frame that points into the image. Thread: the worker whose state it is.
inline void add_reference(TransmitState& state) {
  std::uint16_t spare = state.spare.load(std::memory_order_relaxed);
  if (spare == 0) [[unlikely]]
    spare = take_references(state);
  state.spare.store(static_cast<std::uint16_t>(spare - 1), std::memory_order_relaxed);
}

// Thread: control.
class ImageAccess {
 public:
  // `physical_ports`: DPDK ports whose devices read memory by themselves.
  ImageAccess(unsigned workers, std::vector<std::uint16_t> physical_ports);

  // Before any worker can see the image; nothing happens the second time.
  void admit(const Image& image);
  // Nobody reads the image any more, and nobody can begin to.
  void dismiss(const Image& image);

  [[nodiscard]] bool in_transfer(const Image& image) const;  // a transfer reads it
  [[nodiscard]] bool in_flight(const Image& image) const;    // a frame points into it

 private:
  struct Range {
    std::uint8_t* start = nullptr;
    std::size_t length = 0;
  };
  bool map(const Image& image);

  unsigned workers_;
  std::vector<std::uint16_t> physical_ports_;
  std::unordered_map<const Image*, Range> mapped_;
};

}  // namespace reveille
