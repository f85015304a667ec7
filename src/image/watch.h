// What the kernel says about changes below the image folder (inotify).
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "image/file_descriptor.h"

namespace reveille {

// Control thread. Says that something changed, never what: the folder is then looked at anew.
// It also knows which files are being written, so that nobody takes half of one.
class FolderWatch {
 public:
  FolderWatch();

  // False where the kernel has no inotify left (fs.inotify.max_user_instances) or some folder
  // could not be watched since begin(): changes are then found by looking from time to time.
  [[nodiscard]] bool complete() const { return complete_; }

  // A walk over the folder: begin, add each folder found, end. Folders not added any more are
  // forgotten at the end.
  void begin();
  void add(const std::string& path, int descriptor);
  void end();

  // Reads what has happened since. True when the folder should be looked at: something was
  // added, removed, renamed or is written to its end, or messages were lost.
  bool changed();

  // Written to and not closed since, as far as messages tell: paths below the folder.
  [[nodiscard]] const std::set<std::string>& being_written() const { return being_written_; }

 private:
  static constexpr std::size_t kBeingWrittenMax = 4096;

  bool note(int watch, std::uint32_t what, const std::string& entry);

  FileDescriptor inotify_;
  bool complete_ = false;
  std::map<int, std::string> folders_;  // watch to path
  std::map<int, std::string> found_;    // those of the walk under way
  std::set<std::string> being_written_;
};

}  // namespace reveille
