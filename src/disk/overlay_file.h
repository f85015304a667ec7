// What one client has written to a shared disk, in a file that outlives the server.
//
// The file: a header of 4 KiB; an index, eight octets for each place, big-endian: the number of
// the grain that stands there plus one, or zero; then the places, 4 KiB each. A grain's bytes are
// written before its entry of the index, so that a server that is killed between the two has
// lost a write that it never confirmed, and nothing else.
//
// The header says of which version of which disk the overlay is. Nothing that was written goes
// because that differs, or because it cannot be read: see OverlayUse.
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

// Descriptors below the process's limit (RLIMIT_NOFILE) that overlays leave to everybody else, so
// that logs, sockets and new versions of disks can be opened when there are too many machines. A
// machine whose overlay finds no other one left has a failed disk until it boots; the others go on.
inline constexpr std::uint64_t kDescriptorsKept = 64;

// For whom an overlay is opened, and so what becomes of one that belongs to another version.
enum class OverlayUse : std::uint8_t {
  resume,  // the client runs: another version under it would be a broken disk, so that is an error
  boot,    // it boots and finds what it wrote; that of another version is put aside as "*.old"
  drop,    // it boots, and what it wrote is not wanted any more
};

// Owner: the writer thread; `grains()` may be read by whoever was handed the file.
class OverlayFile {
 public:
  struct Grain {
    std::uint32_t grain = 0;
    std::uint32_t place = 0;
  };

  enum class Absent : bool { stays, is_made };
  struct Opened {
    // nullptr: there is none, and `absent` said that none is to be made; a machine that only reads
    // costs no file.
    std::unique_ptr<OverlayFile> file;
    std::string note;  // a sentence for the operator, or empty
  };

  // The error is a sentence; the file is then as it was.
  static tl::expected<Opened, std::string> open(const std::string& path, const DiskBase& base,
                                                OverlayUse use, Absent absent);

  // In the order of their places; what is there when the file is opened.
  [[nodiscard]] std::span<const Grain> grains() const { return grains_; }
  // The room of the file, as of when it was begun; a later overlay_max does not change it.
  [[nodiscard]] std::uint32_t places() const { return places_; }

  // Inside one place. 0, or an errno.
  [[nodiscard]] int read(std::uint32_t place, std::uint32_t offset, MutableBytes to) const;
  [[nodiscard]] int write(std::uint32_t place, std::uint32_t offset, Bytes from) const;
  // From now on `place` holds `grain`, also after a restart.
  [[nodiscard]] int enter(std::uint32_t place, std::uint32_t grain) const;
  [[nodiscard]] int sync() const;

 private:
  enum class Found : std::uint8_t { nothing, overlay, other };

  OverlayFile() = default;
  // What the file is: the overlay of this version, or of something else. The error is a clause.
  tl::expected<Found, std::string> look(const DiskBase& base);
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
