// fdatasync() of this program: counted, held back or failing, as a test wants it.
#pragma once

namespace reveille::test {

// One at a time; ends with whatever it does. Threads: any.
class HeldSync {
 public:
  HeldSync();
  ~HeldSync();
  HeldSync(const HeldSync&) = delete;
  HeldSync& operator=(const HeldSync&) = delete;

  // From now on calls wait until release().
  void hold();
  void release();
  // The next call fails with that errno, and syncs nothing.
  void fail_next(int error);
  [[nodiscard]] unsigned calls() const;
};

}  // namespace reveille::test
