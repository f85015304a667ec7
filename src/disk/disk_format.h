// What kind of file a disk image is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <tl/expected.hpp>

#include <reveille/bytes.h>

#include "image/file_descriptor.h"

namespace reveille {

struct DiskFormat {
  // As qemu-img calls it; empty: the file has the disk's bytes as they are, from its beginning.
  std::string_view foreign;
  std::uint64_t size_bytes = 0;  // of the disk; only where `foreign` is empty
};

// Looks at the first 512 octets and at the last 512: a fixed VHD is a raw image with a footer.
// Everything that is nothing else is raw.
[[nodiscard]] DiskFormat disk_format(Bytes begin, Bytes end, std::uint64_t file_size);

// The size of the disk in a fixed VHD, or none: the footer is no such one.
[[nodiscard]] std::optional<std::uint64_t> fixed_vhd_size(Bytes end, std::uint64_t file_size);

// A raw copy of an image in another format, as an open file that has no name any more. Runs
// qemu-img and waits for it. The error is a clause that goes behind the file's name.
[[nodiscard]] tl::expected<FileDescriptor, std::string> raw_copy(const std::string& file,
                                                                 std::string_view format,
                                                                 const std::string& work_folder);

}  // namespace reveille
