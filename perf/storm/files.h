// The files that the server should serve, to compare each byte that arrives with.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/bytes.h>

#include "storm/machine.h"

namespace reveille::storm {

// A file of this machine, mapped for as long as this lives.
class MappedFile {
 public:
  static tl::expected<std::unique_ptr<MappedFile>, std::string> open(const std::string& path);
  explicit MappedFile(Bytes bytes) : bytes_(bytes) {}
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  Bytes bytes_;
};

struct ServedFile {
  std::string name;  // as requested
  bool known = false;
  Bytes bytes;                         // when known
  std::vector<std::uint16_t> follows;  // what an iPXE script asks for next, in its order
};

// File names by number: a machine holds two octets instead of a string.
class Files {
 public:
  static constexpr std::size_t kNamesMax = 4096;

  // Names are looked up below `root`; empty: nothing is known of them.
  explicit Files(std::string root = {}) : root_(std::move(root)) {}

  // `name` is to have the bytes of the local file `path`.
  tl::expected<void, std::string> expect(const std::string& name, const std::string& path);
  // The same for bytes in memory, which outlive this.
  void expect(const std::string& name, Bytes bytes);

  // The number of a name; kNoFile when there are too many names. The file system is asked the
  // first time only. "tftp://server/name" counts as its name.
  std::uint16_t number(std::string_view name);
  [[nodiscard]] const ServedFile& operator[](std::uint16_t number) const { return files_[number]; }
  [[nodiscard]] std::size_t size() const { return files_.size(); }

 private:
  void read_script(std::uint16_t number);

  std::string root_;
  std::map<std::string, std::uint16_t, std::less<>> numbers_;
  std::vector<ServedFile> files_;
  std::vector<std::unique_ptr<MappedFile>> mapped_;
};

}  // namespace reveille::storm
