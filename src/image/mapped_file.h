// A file as memory, for images beyond the memory budget, and what happens when it shrinks.
//
// Nothing stops another program from shortening a file that is mapped here (there is no
// mandatory lock and no way to pin its pages), and reading a page that is gone raises SIGBUS. A
// handler for that signal puts zeros in the place of the lost pages and marks the mapping as no
// longer intact; the reader goes on. Clients do not take the zeros for the file: checksums come
// from sums made when the file was whole, so that a datagram with other bytes in it is dropped
// where it arrives. The watch then retires the image.
//
// Left over: bytes that are overwritten in place and happen to have the same checksum (one block
// in 65 536) reach a client that is reading at that moment. Replace big images by rename.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <tl/expected.hpp>

#include "image/image.h"

namespace reveille {

class MappedFile : public Image::Storage {
 public:
  // All mapped files together: one guarded range each.
  static constexpr std::size_t kFilesMax = 4096;

  // The first `size` bytes, at least one, of the file open at `descriptor`, which may be closed
  // afterwards. Control thread and its loaders. The error says why not.
  static tl::expected<std::unique_ptr<MappedFile>, std::string> map(int descriptor,
                                                                    std::uint64_t size);
  ~MappedFile() override;
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  [[nodiscard]] Bytes bytes() const override { return bytes_; }
  [[nodiscard]] bool resident() const override { return false; }
  [[nodiscard]] bool intact() const override;

 private:
  MappedFile(Bytes bytes, std::size_t guard) : bytes_(bytes), guard_(guard) {}

  Bytes bytes_;
  std::size_t guard_;  // index of the guarded range
};

}  // namespace reveille
