#include "image/watch.h"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/inotify.h>
#include <utility>

namespace reveille {

namespace {

// IN_CREATE is there for folders, links and hard links, none of which is ever closed.
constexpr std::uint32_t kWanted = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE |
                                  IN_DELETE | IN_ATTRIB | IN_MODIFY | IN_DELETE_SELF |
                                  IN_MOVE_SELF | IN_ONLYDIR;
constexpr std::uint32_t kNoLongerWritten = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE;
constexpr int kReadsMax = 64;  // of 64 KiB: a call ends even if a writer is faster than we are

}  // namespace

FolderWatch::FolderWatch() : inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}

void FolderWatch::begin() {
  found_.clear();
  complete_ = static_cast<bool>(inotify_);
}

// By way of /proc, so that the folder that is listed is the one that is watched.
void FolderWatch::add(const std::string& path, int descriptor) {
  if (!inotify_) return;
  const std::string self = "/proc/self/fd/" + std::to_string(descriptor);
  const int watch = inotify_add_watch(inotify_.number(), self.c_str(), kWanted);
  if (watch < 0) {
    complete_ = false;
    return;
  }
  found_.emplace(watch, path);
}

void FolderWatch::end() {
  for (const auto& [watch, path] : folders_) {
    if (!found_.contains(watch)) inotify_rm_watch(inotify_.number(), watch);
  }
  folders_ = std::move(found_);
  found_.clear();
}

bool FolderWatch::changed() {
  if (!inotify_) return false;
  bool look = false;
  alignas(inotify_event) std::array<char, 65536> room;
  for (int reads = 0; reads < kReadsMax; ++reads) {
    const ssize_t length = read(inotify_.number(), room.data(), room.size());
    if (length <= 0) break;  // EAGAIN: that was all
    for (std::size_t at = 0; at < static_cast<std::size_t>(length);) {
      inotify_event event;
      std::memcpy(&event, room.data() + at, sizeof event);
      const std::string entry = event.len == 0 ? "" : room.data() + at + sizeof event;
      at += sizeof event + event.len;
      look = note(event.wd, event.mask, entry) || look;
    }
  }
  return look;
}

bool FolderWatch::note(int watch, std::uint32_t what, const std::string& entry) {
  if ((what & IN_Q_OVERFLOW) != 0) {
    being_written_.clear();  // their end may be among what was lost
    return true;
  }
  if ((what & IN_IGNORED) != 0) return false;
  const auto folder = folders_.find(watch);
  if (folder == folders_.end() || entry.empty()) return true;
  const std::string path = folder->second.empty() ? entry : folder->second + "/" + entry;
  if ((what & IN_MODIFY) != 0) {
    if (being_written_.size() < kBeingWrittenMax) being_written_.insert(path);
    return false;  // IN_CLOSE_WRITE will say when to look
  }
  if ((what & kNoLongerWritten) != 0) being_written_.erase(path);
  return true;
}

}  // namespace reveille
