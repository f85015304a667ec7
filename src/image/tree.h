// The image folder as a list of files: every file that may be served, and why others may not.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <sys/stat.h>
#include <sys/types.h>
#include <vector>

#include <tl/expected.hpp>

#include "image/file_descriptor.h"

namespace reveille {

// A file as it was when it was looked at. Equal identities: the same bytes, as far as a file
// system can tell (ctime cannot be set back).
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;  // ctime

  bool operator==(const FileIdentity&) const = default;
};

struct FoundFile {
  std::string name;  // what clients ask for: the path below the folder, links as they are named
  std::string path;  // where it lies below the folder, without links
  FileIdentity identity;
};

// What an operator should know about one file or folder.
struct ImageProblem {
  std::string file;  // below the folder, bytes as they are: escape before printing
  std::string text;

  bool operator==(const ImageProblem&) const = default;
  bool operator<(const ImageProblem& other) const {
    return std::tie(file, text) < std::tie(other.file, other.text);
  }
};

struct TreeLimits {
  std::uint32_t files_max = 100'000;
  std::uint32_t folders_max = 10'000;
  std::uint32_t depth_max = 32;
  std::uint32_t problems_max = 1000;  // the rest is a count
};

// The image folder, opened. A file below it is opened so that no link is followed, wherever it
// was moved to meanwhile: nothing outside can be reached.
class ImageFolder {
 public:
  static tl::expected<ImageFolder, std::string> open(const std::string& path);

  [[nodiscard]] const FileIdentity& identity() const { return identity_; }
  // `path` as in FoundFile; "" is the folder itself. errno is set when nothing is opened.
  [[nodiscard]] FileDescriptor open_below(const std::string& path, int flags) const;
  // Where the link `path` leads, below the folder; the error says why it may not be followed.
  [[nodiscard]] tl::expected<std::string, std::string> resolve(const std::string& path) const;

 private:
  FileDescriptor descriptor_;
  std::string real_path_;
  FileIdentity identity_;
};

struct Tree {
  std::vector<FoundFile> files;  // by name
  std::vector<ImageProblem> problems;
};

// Called for each folder before its files are listed; so a watch that starts here misses nothing.
using FolderVisitor = std::function<void(const std::string& path, int descriptor)>;

// Symbolic links inside the folder are followed, to files and folders; those that lead out of
// it, to nothing, or round in a circle are problems. So are devices, pipes and sockets, names
// longer than kImageNameLengthMax and names with a backslash, which no client can ask for.
[[nodiscard]] Tree walk(const ImageFolder& folder, const TreeLimits& limits,
                        const FolderVisitor& on_folder);

// The identity of an open file.
[[nodiscard]] FileIdentity identity_of(const struct stat& status);

}  // namespace reveille
