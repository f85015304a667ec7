#include "disk/disk_base.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/file.h>
#include <utility>

#include <reveille/wire/ata.h>

#include "disk/whole_io.h"

namespace reveille {
namespace {

constexpr std::uint64_t kSectorsMax = std::uint64_t{0xfffffff0} * 8;
constexpr std::size_t kPartSize = std::size_t{4} << 20;  // between two looks at the stop token

std::string words_of(int error) {
  return std::strerror(error);
}

}  // namespace

DiskIdentity disk_identity_of(const struct stat& status) {
  return {
      .device = status.st_dev,
      .inode = status.st_ino,
      .size_bytes = static_cast<std::uint64_t>(status.st_size),
      .changed_ns = status.st_mtim.tv_sec * std::int64_t{1'000'000'000} + status.st_mtim.tv_nsec};
}

tl::expected<std::unique_ptr<DiskBase>, std::string> DiskBase::open(const DiskConfig& config,
                                                                    const std::string& work_folder,
                                                                    ImageMemory& memory,
                                                                    const std::stop_token& stop) {
  const bool writable = config.mode == DiskMode::exclusive;
  std::unique_ptr<DiskBase> disk(new DiskBase);
  disk->config_ = config;
  disk->file_ =
      FileDescriptor{::open(config.file.c_str(), (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC)};
  if (!disk->file_) return tl::unexpected("cannot be opened: " + words_of(errno));
  struct stat status {};
  if (fstat(disk->file_.number(), &status) != 0) {
    return tl::unexpected("cannot be read: " + words_of(errno));
  }
  if (!S_ISREG(status.st_mode)) return tl::unexpected(std::string("is no ordinary file"));
  if (writable && flock(disk->file_.number(), LOCK_EX | LOCK_NB) != 0) {
    return tl::unexpected(std::string("is private, and another program has it open"));
  }
  disk->identity_ = disk_identity_of(status);
  const auto format = disk->look();
  if (!format) return tl::unexpected(format.error());
  FileDescriptor original;
  std::uint64_t available = format->size_bytes;
  if (!format->foreign.empty()) {
    auto raw = raw_copy(config.file, format->foreign, work_folder);
    if (!raw) return tl::unexpected(raw.error());
    original = std::exchange(disk->file_, std::move(*raw));
    if (fstat(disk->file_.number(), &status) != 0) {
      return tl::unexpected("cannot be read: " + words_of(errno));
    }
    available = static_cast<std::uint64_t>(status.st_size);
  }
  if (auto taken = disk->take_range(available); !taken) return tl::unexpected(taken.error());
  if (writable) return disk;
  if (auto loaded = disk->load(memory, stop); !loaded) return tl::unexpected(loaded.error());
  // Half of one version and half of the next is neither.
  const int read_from = original ? original.number() : disk->file_.number();
  if (fstat(read_from, &status) != 0 || disk_identity_of(status) != disk->identity_) {
    return tl::unexpected(std::string("was changed while it was read"));
  }
  return disk;
}

tl::expected<DiskFormat, std::string> DiskBase::look() const {
  const std::uint64_t size = identity_.size_bytes;
  const bool is_private = config_.mode == DiskMode::exclusive;
  DiskFileFormat wanted = config_.format;
  if (wanted == DiskFileFormat::by_mode && is_private) wanted = DiskFileFormat::raw;
  if (wanted == DiskFileFormat::raw) return DiskFormat{.foreign = {}, .size_bytes = size};
  std::array<std::uint8_t, 512> begin{};
  std::array<std::uint8_t, 512> end{};
  const std::size_t looked_at = std::min<std::uint64_t>(size, begin.size());
  if (read_whole(file_.number(), 0, MutableBytes(begin).first(looked_at)) != 0 ||
      read_whole(file_.number(), size - looked_at, MutableBytes(end).first(looked_at)) != 0) {
    return tl::unexpected(std::string("cannot be read"));
  }
  const Bytes last = Bytes(end).first(looked_at);
  if (wanted == DiskFileFormat::fixed_vhd) {
    const auto disk_size = fixed_vhd_size(last, size);
    if (!disk_size) return tl::unexpected(std::string("is no VHD of fixed size"));
    return DiskFormat{.foreign = {}, .size_bytes = *disk_size};
  }
  const DiskFormat found = disk_format(Bytes(begin).first(looked_at), last, size);
  if (is_private && !found.foreign.empty()) {
    return tl::unexpected(std::string("is no raw image, and a private disk is written to"));
  }
  return found;
}

tl::expected<void, std::string> DiskBase::take_range(std::uint64_t available) {
  if (config_.offset_bytes > available || config_.length_bytes > available - config_.offset_bytes) {
    return tl::unexpected("is shorter (" + std::to_string(available) +
                          " bytes) than its offset and length say");
  }
  offset_ = config_.offset_bytes;
  const std::uint64_t length =
      config_.length_bytes != 0 ? config_.length_bytes : available - config_.offset_bytes;
  sectors_ = length / wire::kSectorSize;
  if (sectors_ == 0) return tl::unexpected(std::string("has not even one sector of 512 bytes"));
  // Overlays number their grains of 4 KiB with 32 bits.
  if (sectors_ > kSectorsMax) return tl::unexpected(std::string("is larger than 16 TiB"));
  return {};
}

tl::expected<void, std::string> DiskBase::load(ImageMemory& memory, const std::stop_token& stop) {
  auto room = memory.take(sectors_ * wire::kSectorSize);
  if (!room) return {};  // read from the file when it is asked for
  for (std::size_t done = 0; done < room->bytes.size();) {
    if (stop.stop_requested()) return tl::unexpected(std::string("was not read to its end"));
    const std::size_t part = std::min(kPartSize, room->bytes.size() - done);
    if (const int error = read(done, room->bytes.subspan(done, part)); error != 0) {
      return tl::unexpected("cannot be read: " + words_of(error));
    }
    done += part;
  }
  region_ = std::move(room->region);
  bytes_ = room->bytes;
  return {};
}

int DiskBase::read(std::uint64_t offset, MutableBytes to) const {
  return read_whole(file_.number(), offset_ + offset, to);
}

int DiskBase::write(std::uint64_t offset, Bytes from) const {
  return write_whole(file_.number(), offset_ + offset, from);
}

int DiskBase::sync() const {
  return fdatasync(file_.number()) == 0 ? 0 : errno;
}

}  // namespace reveille
