// What one client has written to a shared disk, in a file that outlives the server.
//
// The file: a header of 4 KiB; an index, eight octets for each place, big-endian: the number of
// the grain that stands there plus one, or zero; then the places, 4 KiB each. A grain's bytes are
// written before its entry of the index, so that a server that is killed between the two has
// lost a write that it never confirmed, and nothing else.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/bytes.h>

#include "disk/disk_base.h"
#include "image/file_descriptor.h"

namespace reveille {

// Copy on write works in pieces of this size, aligned.
inline constexpr std::uint32_t kGrainSize = 4096;
inline constexpr std::uint32_t kGrainSectors = 8;

// Owner: the writer thread; `grains()` may be read by whoever was handed the file.
class OverlayFile {
 public:
  struct Grain {
    std::uint32_t grain = 0;
    std::uint32_t place = 0;
  };

  enum class Absent : bool { stays, is_made };

  // Opens the file, or begins it anew: if it belongs to another version of the disk, or if `fresh`
  // wants that. nullptr: there is none, and `absent` says that none is to be made; a machine that
  // only reads costs no file. The error is a sentence.
  static tl::expected<std::unique_ptr<OverlayFile>, std::string> open(const std::string& path,
                                                                      const DiskBase& base,
                                                                      bool fresh, Absent absent);

  // In the order of their places; what is there when the file is opened.
  [[nodiscard]] std::span<const Grain> grains() const { return grains_; }
  [[nodiscard]] std::uint32_t places() const { return places_; }

  // Inside one place. 0, or an errno.
  [[nodiscard]] int read(std::uint32_t place, std::uint32_t offset, MutableBytes to) const;
  [[nodiscard]] int write(std::uint32_t place, std::uint32_t offset, Bytes from) const;
  // From now on `place` holds `grain`, also after a restart.
  [[nodiscard]] int enter(std::uint32_t place, std::uint32_t grain) const;
  [[nodiscard]] int sync() const;

 private:
  OverlayFile() = default;
  tl::expected<void, std::string> read_index();
  tl::expected<void, std::string> begin(const DiskBase& base);
  [[nodiscard]] std::uint64_t place_at(std::uint32_t place) const;

  FileDescriptor file_;
  std::uint32_t places_ = 0;
  std::vector<Grain> grains_;
};

// The file of that client's overlay: "lab.img-e0.1-525400123456.overlay" below the folder.
[[nodiscard]] std::string overlay_path(const DiskConfig& disk, const MacAddress& client);

}  // namespace reveille
