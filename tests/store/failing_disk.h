// A disk with a fault at a chosen write, sync or truncation.
#pragma once

#include "store/watched_disk.h"

namespace reveille::test {

class FailingDisk final : public WatchedDisk {
 public:
  // The `fail_at`-th operation that changes files, counted from 1, ends with `error`.
  FailingDisk(int fail_at, int error) : fail_at_(fail_at), error_(error) {}

  // So many more succeed.
  void fail_after(int operations) { fail_at_ = count_ + operations + 1; }
  [[nodiscard]] bool has_failed() const { return count_ >= fail_at_; }
  // Operations that were tried after the one that failed.
  [[nodiscard]] int later() const { return has_failed() ? count_ - fail_at_ : 0; }

 private:
  int change() override { return ++count_ == fail_at_ ? error_ : SQLITE_OK; }

  int fail_at_;
  int error_;
  int count_ = 0;
};

}  // namespace reveille::test
