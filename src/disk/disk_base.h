// The bytes of a disk as its file has them: in memory if they fit, else read from the file.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string>
#include <sys/stat.h>

#include <tl/expected.hpp>

#include <reveille/config.h>

#include "disk/disk_format.h"
#include "image/file_descriptor.h"
#include "image/image.h"
#include "image/memory.h"

namespace reveille {

// What tells one version of a disk file from the next.
struct DiskIdentity {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::uint64_t size_bytes = 0;
  std::int64_t changed_ns = 0;  // mtime, since 1970

  bool operator==(const DiskIdentity&) const = default;
};
[[nodiscard]] DiskIdentity disk_identity_of(const struct stat& status);

// One version of a disk. Its Image keeps it alive for as long as a client uses it, also when a
// newer version has taken its place. The bytes never change, unless the disk is private.
class DiskBase : public Image::Storage {
 public:
  // Reads the file, if it is to be in memory and `memory` has room; a file that changes meanwhile
  // is an error. Formats other than raw and fixed VHD are turned into raw ones by qemu-img, in
  // `work_folder`. Control thread or a loader; takes as long as the file is large. The error is a
  // clause that goes behind the file's name.
  static tl::expected<std::unique_ptr<DiskBase>, std::string> open(const DiskConfig& config,
                                                                   const std::string& work_folder,
                                                                   ImageMemory& memory,
                                                                   const std::stop_token& stop);

  // The disk's bytes, all of them or none.
  [[nodiscard]] Bytes bytes() const override { return bytes_; }

  [[nodiscard]] const DiskConfig& config() const { return config_; }
  [[nodiscard]] std::uint64_t sectors() const { return sectors_; }
  [[nodiscard]] bool in_memory() const { return !bytes_.empty(); }
  [[nodiscard]] const DiskIdentity& identity() const { return identity_; }

  // Reads or writes whole, from the file; offsets are the disk's. 0, or an errno; EIO where the
  // file has become too short. Any thread.
  [[nodiscard]] int read(std::uint64_t offset, MutableBytes to) const;
  [[nodiscard]] int write(std::uint64_t offset, Bytes from) const;
  // All writes are on the medium.
  [[nodiscard]] int sync() const;

 private:
  DiskBase() = default;
  // What the open file is. The error is a clause.
  [[nodiscard]] tl::expected<DiskFormat, std::string> look() const;
  tl::expected<void, std::string> take_range(std::uint64_t available);
  tl::expected<void, std::string> load(ImageMemory& memory, const std::stop_token& stop);

  DiskConfig config_;
  DiskIdentity identity_;
  FileDescriptor file_;
  std::uint64_t offset_ = 0;
  std::uint64_t sectors_ = 0;
  std::shared_ptr<ImageMemory::Region> region_;
  Bytes bytes_;
};

}  // namespace reveille
