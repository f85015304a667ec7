// One server for one lease database: a lock that the kernel gives back when its holder dies.
#pragma once

#include <string>

#include "store/database.h"

namespace reveille {

// Held while the object lives. The file beside the database names the holder's process, and only
// its owner can open it: anybody who could read it could keep the server from starting.
class StoreLock {
 public:
  static Stored<StoreLock> take(const std::string& database);
  StoreLock(StoreLock&& other) noexcept;
  StoreLock& operator=(StoreLock&& other) noexcept;
  ~StoreLock();

 private:
  explicit StoreLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace reveille
