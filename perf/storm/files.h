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

// The ones'-complement sums of a file's blocks, as in <reveille/wire/checksum.h>, by block size;
// made when somebody first asks for one.
class BlockSums {
 public:
  // Of block `index`, which begins at index * block_size and lies in `file`, always the same one.
  [[nodiscard]] std::uint16_t of(Bytes file, std::uint16_t block_size, std::size_t index);

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};
  struct OfSize {
    std::uint16_t block_size = 0;
    std::vector<std::uint32_t> sums;
  };
  std::vector<OfSize> sizes_;
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
  // Of a known file's block; see BlockSums.
  [[nodiscard]] std::uint16_t block_sum(std::uint16_t number, std::uint16_t block_size,
                                        std::size_t index) {
    return sums_[number].of(files_[number].bytes, block_size, index);
  }

 private:
  void read_script(std::uint16_t number);

  std::string root_;
  std::map<std::string, std::uint16_t, std::less<>> numbers_;
  std::vector<ServedFile> files_;
  std::vector<BlockSums> sums_;  // of each file
  std::vector<std::unique_ptr<MappedFile>> mapped_;
};

}  // namespace reveille::storm
