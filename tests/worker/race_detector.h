// What ThreadSanitizer has to be told about frames: DPDK's own library is not instrumented, so
// the order that its rings and pools keep between two threads is invisible to it. These say the
// same order once more in code that it sees. Nothing here orders more than DPDK promises: what is
// written before a frame is put stands before what is read after that frame was taken.
#pragma once

#include <atomic>
#include <cstdint>

namespace reveille::test {

#if defined(__SANITIZE_THREAD__)
inline constexpr bool kRaceDetector = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
inline constexpr bool kRaceDetector = true;
#else
inline constexpr bool kRaceDetector = false;
#endif
#else
inline constexpr bool kRaceDetector = false;
#endif

// A place where frames go from one thread to another through the library.
class Crossing {
 public:
  void leave() { frames_.fetch_add(1, std::memory_order_release); }       // before putting
  void arrive() const { (void)frames_.load(std::memory_order_acquire); }  // after taking

 private:
  std::atomic<std::uint64_t> frames_{0};
};

// Buffer pools that are made from now on keep an order that the detector sees. For tests of
// threads under the detector; elsewhere the pools are those that ship.
void use_visible_pools();

// Frames that the workers take from and put on that port cross there. Both last to the end of the
// program: DPDK keeps the callbacks of a closed port for the next one of its number. After the
// port is configured and before it is polled.
void watch_port(std::uint16_t port, Crossing& received, Crossing& sent);

}  // namespace reveille::test
