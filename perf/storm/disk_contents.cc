#include "storm/disk_contents.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "storm/disk_pattern.h"

namespace reveille::storm {

tl::expected<DiskImage, std::string> DiskImage::open(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat status {};
  if (file < 0 || fstat(file, &status) != 0) {
    const std::string why = std::strerror(errno);
    if (file >= 0) close(file);
    return tl::unexpected(path + " cannot be read: " + why);
  }
  DiskImage image;
  image.mapped_ =
      static_cast<std::size_t>(status.st_size) / DiskContents::kSector * DiskContents::kSector;
  void* const at = image.mapped_ == 0
                       ? MAP_FAILED
                       : mmap(nullptr, image.mapped_, PROT_READ, MAP_SHARED, file, 0);
  close(file);
  if (at == MAP_FAILED) {
    image.mapped_ = 0;
    return tl::unexpected(path + " has no whole sector that could be mapped");
  }
  image.bytes_ = {static_cast<const std::uint8_t*>(at), image.mapped_};
  return image;
}

DiskImage::DiskImage(DiskImage&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), mapped_(std::exchange(other.mapped_, 0)) {}

DiskImage::~DiskImage() {
  if (mapped_ != 0) munmap(const_cast<std::uint8_t*>(bytes_.data()), mapped_);
}

DiskContents::DiskContents(const DiskStormConfig& config, Bytes image)
    : image_(image),
      machines_(config.machines),
      part_(config.write_percent == 0 ? 0 : config.write_sectors),
      seed_(config.seed),
      pattern_(config.pattern),
      cells_(parts_end()) {}

std::uint64_t DiskContents::number(std::uint32_t machine, std::uint64_t lba) const {
  const std::uint16_t count = cells_[cell(machine, lba)] & kCount;
  return mixed(mixed(seed_ ^ std::uint64_t{machine} << 40 ^ lba) ^ count);
}

// Into the second level: those of a burst are more than the first one holds.
void DiskContents::prefetch(std::uint64_t lba, std::size_t count) const {
  if (pattern_) return;
  constexpr std::size_t kLine = 64;
  const Bytes sectors = image_.subspan(lba * kSector, count * kSector);
  for (std::size_t at = 0; at < sectors.size(); at += kLine) {
    __builtin_prefetch(&sectors[at], 0, 2);
  }
}

bool DiskContents::matches(std::uint32_t machine, std::uint64_t lba, Bytes sectors) const {
  for (; !sectors.empty(); ++lba, sectors = sectors.subspan(kSector)) {
    if (!matches(machine, lba, sectors.data())) return false;
  }
  return true;
}

bool DiskContents::matches(std::uint32_t machine, std::uint64_t lba,
                           const std::uint8_t* sector) const {
  if (written(machine, lba)) return is_filled(number(machine, lba), sector);
  if (pattern_) return is_filled(pattern_number(lba), sector);
  return std::memcmp(&image_[lba * kSector], sector, kSector) == 0;
}

bool DiskContents::writable(std::uint32_t machine, std::uint64_t lba, std::size_t count) const {
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_in_part(machine, lba + i) || lba + i >= sectors()) return false;
    const std::uint16_t state = cells_[cell(machine, lba + i)];
    if ((state & kSettled) != 0 || (state & kCount) == kCount) return false;
  }
  return true;
}

void DiskContents::write(std::uint32_t machine, std::uint64_t lba, MutableBytes sectors) {
  for (std::size_t i = 0; i < sectors.size() / kSector; ++i) ++cells_[cell(machine, lba + i)];
  repeat(machine, lba, sectors);
}

void DiskContents::repeat(std::uint32_t machine, std::uint64_t lba, MutableBytes sectors) const {
  for (std::size_t i = 0; i < sectors.size() / kSector; ++i) {
    fill_sector(number(machine, lba + i), &sectors[i * kSector]);
  }
}

void DiskContents::undo(std::uint32_t machine, std::uint64_t lba, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) --cells_[cell(machine, lba + i)];
}

void DiskContents::settle(std::uint32_t machine, std::uint64_t lba, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) cells_[cell(machine, lba + i)] |= kSettled;
}

}  // namespace reveille::storm
