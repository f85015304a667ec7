// Files to images: read once, hashed and summed on the way, kept in memory or mapped.
#pragma once

#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "image/image.h"
#include "image/memory.h"
#include "image/tree.h"

namespace reveille {

struct LoadedFile {
  FoundFile file;                      // its identity is that of the bytes that were read
  std::shared_ptr<const Image> image;  // nullptr: `problem` says why
  std::string problem;
  // Another program was writing it: the bytes would be half a file. Try again.
  bool being_written = false;
  // Its last change is so recent that another one need not show in its identity (time stamps
  // of files move in ticks of up to 10 ms): equal identities prove nothing.
  bool fresh = false;
};

struct LoadOptions {
  unsigned threads = 2;
  // For the case that the kernel cannot tell whether somebody writes to a file (we are not its
  // owner, or the file system is on a network): take it only once it has not changed for half a
  // second and is not one of these paths.
  bool wait_for_quiet = false;
  std::set<std::string> being_written;
};

// The files in the order given. The smallest go into `memory` for as long as there is room, the
// rest is mapped; a file with several names is read once. Ends early when `stop` is requested:
// the files not reached have neither image nor problem.
[[nodiscard]] std::vector<LoadedFile> load(const ImageFolder& folder, std::vector<FoundFile> files,
                                           ImageMemory& memory, const LoadOptions& options,
                                           const std::stop_token& stop);

}  // namespace reveille
