// How one thread ends the nap of another.
#pragma once

#include <atomic>

namespace reveille {

// Of a thread that polls and naps. Whoever puts something where that thread looks rings; it costs a
// system call only while the thread listens, which it does in long naps alone.
class Doorbell {
 public:
  // Where the process may open no more files nobody is woken, and naps last as long as they last.
  Doorbell();
  ~Doorbell();
  Doorbell(const Doorbell&) = delete;
  Doorbell& operator=(const Doorbell&) = delete;

  // Any other thread, after it has put something.
  void ring() {
    // Either this finds that the thread listens, or the thread's next look finds what was put.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (listens_.load(std::memory_order_relaxed)) [[unlikely]]
      wake();
  }

  // The thread that naps: from now on who rings makes descriptor() readable. What was put before is
  // there to be found, so look once more, then sleep.
  void listen();
  void stop_listening() { listens_.store(false, std::memory_order_relaxed); }
  // Makes descriptor() unreadable again.
  void take_ring();
  // For poll(2), which ignores the -1 of one without.
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  void wake();

  int descriptor_;
  std::atomic<bool> listens_{false};
};

}  // namespace reveille
