// SQLite's way to the disk, with somebody who looks on.
#pragma once

#include <cstring>
#include <sqlite3.h>
#include <string>

namespace reveille::test {

// One at a time in a process: SQLite's interface has no place for more.
class WatchedDisk {
 public:
  static constexpr const char* kName = "watched";

  WatchedDisk() {
    real_ = sqlite3_vfs_find(nullptr);
    vfs_ = *real_;
    vfs_.zName = kName;
    vfs_.szOsFile = static_cast<int>(sizeof(File)) + real_->szOsFile;
    vfs_.xOpen = open;
    vfs_.xDelete = remove;
    disk_ = this;
    sqlite3_vfs_register(&vfs_, 0);
  }
  WatchedDisk(const WatchedDisk&) = delete;
  WatchedDisk& operator=(const WatchedDisk&) = delete;

 protected:
  ~WatchedDisk() {
    sqlite3_vfs_unregister(&vfs_);
    disk_ = nullptr;
  }
  // Before each write, truncation and sync: SQLITE_OK, or what it shall end with.
  virtual int change() { return SQLITE_OK; }
  // All that was written to the file at `path` is on disk now; it is gone.
  virtual void synced(const std::string& path) { (void)path; }
  virtual void removed(const std::string& path) { (void)path; }

 private:
  struct File {
    sqlite3_file base;
    sqlite3_io_methods methods;
    const char* name;
    [[nodiscard]] sqlite3_file* real() { return reinterpret_cast<sqlite3_file*>(this + 1); }
  };
  static File& of(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* real(sqlite3_file* file) { return of(file).real(); }

  static int remove(sqlite3_vfs*, const char* name, int sync_folder) {
    disk_->removed(name);
    return disk_->real_->xDelete(disk_->real_, name, sync_folder);
  }

  static int open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out) {
    File& opened = of(file);
    std::memset(static_cast<void*>(&opened), 0, sizeof opened);
    sqlite3_vfs* const vfs = disk_->real_;
    opened.name = name == nullptr ? "" : name;
    const int result = vfs->xOpen(vfs, name, opened.real(), flags, out);
    if (opened.real()->pMethods == nullptr) return result;
    sqlite3_io_methods& to = opened.methods;
    to.iVersion = 2;
    to.xClose = [](sqlite3_file* f) { return real(f)->pMethods->xClose(real(f)); };
    to.xRead = [](sqlite3_file* f, void* at, int count, sqlite3_int64 offset) {
      return real(f)->pMethods->xRead(real(f), at, count, offset);
    };
    to.xWrite = [](sqlite3_file* f, const void* at, int count, sqlite3_int64 offset) {
      const int error = disk_->change();
      if (error == SQLITE_OK) return real(f)->pMethods->xWrite(real(f), at, count, offset);
      // Half of it arrives, as with a disk that fills up.
      if (count > 1) real(f)->pMethods->xWrite(real(f), at, count / 2, offset);
      return error;
    };
    to.xTruncate = [](sqlite3_file* f, sqlite3_int64 size) {
      const int error = disk_->change();
      return error != SQLITE_OK ? error : real(f)->pMethods->xTruncate(real(f), size);
    };
    to.xSync = [](sqlite3_file* f, int how) {
      const int error = disk_->change();
      if (error != SQLITE_OK) return error;
      disk_->synced(of(f).name);
      return real(f)->pMethods->xSync(real(f), how);
    };
    to.xFileSize = [](sqlite3_file* f, sqlite3_int64* size) {
      return real(f)->pMethods->xFileSize(real(f), size);
    };
    to.xLock = [](sqlite3_file* f, int how) { return real(f)->pMethods->xLock(real(f), how); };
    to.xUnlock = [](sqlite3_file* f, int how) { return real(f)->pMethods->xUnlock(real(f), how); };
    to.xCheckReservedLock = [](sqlite3_file* f, int* held) {
      return real(f)->pMethods->xCheckReservedLock(real(f), held);
    };
    to.xFileControl = [](sqlite3_file* f, int what, void* with) {
      return real(f)->pMethods->xFileControl(real(f), what, with);
    };
    to.xSectorSize = [](sqlite3_file* f) { return real(f)->pMethods->xSectorSize(real(f)); };
    to.xDeviceCharacteristics = [](sqlite3_file* f) {
      return real(f)->pMethods->xDeviceCharacteristics(real(f));
    };
    to.xShmMap = [](sqlite3_file* f, int page, int size, int extend, void volatile** at) {
      return real(f)->pMethods->xShmMap(real(f), page, size, extend, at);
    };
    to.xShmLock = [](sqlite3_file* f, int offset, int count, int how) {
      return real(f)->pMethods->xShmLock(real(f), offset, count, how);
    };
    to.xShmBarrier = [](sqlite3_file* f) { real(f)->pMethods->xShmBarrier(real(f)); };
    to.xShmUnmap = [](sqlite3_file* f, int remove) {
      return real(f)->pMethods->xShmUnmap(real(f), remove);
    };
    opened.base.pMethods = &to;
    return result;
  }

  static inline WatchedDisk* disk_ = nullptr;
  sqlite3_vfs* real_ = nullptr;
  sqlite3_vfs vfs_{};
};

}  // namespace reveille::test
