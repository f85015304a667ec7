// What each sector of a disk is to hold, for each of its clients.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include <reveille/bytes.h>

#include "storm/disk_config.h"

namespace reveille::storm {

// A file as it is on this machine, mapped.
class DiskImage {
 public:
  // The error is a sentence.
  static tl::expected<DiskImage, std::string> open(const std::string& path);
  DiskImage(DiskImage&& other) noexcept;
  ~DiskImage();
  DiskImage(const DiskImage&) = delete;
  DiskImage& operator=(const DiskImage&) = delete;

  // Whole sectors.
  [[nodiscard]] Bytes bytes() const { return bytes_; }

 private:
  DiskImage() = default;
  Bytes bytes_;
  std::size_t mapped_ = 0;
};

// The image, and over it what each machine has written. Two octets for each sector that may be
// written; the bytes follow from machine, sector and a count.
class DiskContents {
 public:
  static constexpr std::size_t kSector = 512;

  DiskContents(const DiskStormConfig& config, Bytes image);

  [[nodiscard]] std::uint64_t sectors() const { return image_.size() / kSector; }
  // The part of the disk that `machine` may write to.
  [[nodiscard]] std::uint64_t part_begin(std::uint32_t machine) const {
    return std::uint64_t{machine} * part_;
  }
  [[nodiscard]] std::uint32_t part() const { return part_; }
  // Sectors from here on are nobody's.
  [[nodiscard]] std::uint64_t parts_end() const { return std::uint64_t{machines_} * part_; }

  // What matches() reads of the image, if it reads it. The sectors are the disk's.
  void prefetch(std::uint64_t lba, std::size_t count) const;
  // What `machine` is to find there.
  [[nodiscard]] bool matches(std::uint32_t machine, std::uint64_t lba, Bytes sectors) const;

  // Writes may go there: in the machine's part, and none of the sectors was settled or written
  // too often.
  [[nodiscard]] bool writable(std::uint32_t machine, std::uint64_t lba, std::size_t count) const;
  // The bytes of the next write, which count from now on.
  void write(std::uint32_t machine, std::uint64_t lba, MutableBytes sectors);
  // The same bytes once more, for a request that is repeated.
  void repeat(std::uint32_t machine, std::uint64_t lba, MutableBytes sectors) const;
  // The last write did not happen.
  void undo(std::uint32_t machine, std::uint64_t lba, std::size_t count);
  // Never written again: a repeated write may still be on its way and would undo a later one.
  void settle(std::uint32_t machine, std::uint64_t lba, std::size_t count);
  [[nodiscard]] bool written(std::uint32_t machine, std::uint64_t lba) const {
    return is_in_part(machine, lba) && (cells_[cell(machine, lba)] & kCount) != 0;
  }

 private:
  static constexpr std::uint16_t kSettled = 0x8000;
  static constexpr std::uint16_t kCount = 0x7fff;

  [[nodiscard]] bool is_in_part(std::uint32_t machine, std::uint64_t lba) const {
    return part_ != 0 && lba / part_ == machine;
  }
  [[nodiscard]] std::size_t cell(std::uint32_t machine, std::uint64_t lba) const {
    return static_cast<std::size_t>(part_begin(machine) + lba % part_);
  }
  // Of what the machine wrote there last (disk_pattern.h).
  [[nodiscard]] std::uint64_t number(std::uint32_t machine, std::uint64_t lba) const;
  [[nodiscard]] bool matches(std::uint32_t machine, std::uint64_t lba,
                             const std::uint8_t* sector) const;

  Bytes image_;
  std::uint32_t machines_;
  std::uint32_t part_;  // sectors; 0: nobody writes
  std::uint64_t seed_;
  bool pattern_;
  std::vector<std::uint16_t> cells_;  // how often each was written
};

}  // namespace reveille::storm
