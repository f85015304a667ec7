#include "disk/overlay_file.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/resource.h>

#include "disk/whole_io.h"

namespace reveille {
namespace {

constexpr std::string_view kMagic = "reveille overlay 1\n";
constexpr std::size_t kHeaderSize = 4096;
constexpr std::size_t kEntrySize = 8;
constexpr std::size_t kPlacesAt = 80;
// As many as the largest overlay_max has: what a damaged header may make us read stays bounded.
constexpr std::uint32_t kPlacesMax = std::uint32_t{1} << 28;

using Header = std::array<std::uint8_t, 128>;

// Two headers are equal but for their places if the overlays are of the same version of the same
// disk. The number of the device is no part of it: it may change when the host boots.
Header header_for(const DiskBase& base, std::uint32_t places) {
  Header header{};
  std::ranges::copy(kMagic, header.begin());
  const DiskIdentity& identity = base.identity();
  store_be64(&header[40], identity.inode);
  store_be64(&header[48], identity.size_bytes);
  store_be64(&header[56], static_cast<std::uint64_t>(identity.changed_ns));
  store_be64(&header[64], base.config().offset_bytes);
  store_be64(&header[72], base.sectors());
  store_be32(&header[kPlacesAt], places);
  return header;
}

std::uint64_t entry_at(std::uint32_t place) {
  return kHeaderSize + std::uint64_t{place} * kEntrySize;
}

std::string failure(const std::string& path, int error) {
  const std::string advice =
      error == EMFILE ? "; raise LimitNOFILE (ulimit -Hn): each overlay in use takes one" : "";
  return "overlay " + path + ": " + std::strerror(error) + advice;
}

// The system gives out the lowest number that is free.
bool is_kept_for_others(const FileDescriptor& file) {
  rlimit limit{};
  return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
         static_cast<std::uint64_t>(file.number()) + kDescriptorsKept >= limit.rlim_cur;
}

// Without a file: errno says why.
FileDescriptor open_file(const std::string& path, int flags) {
  FileDescriptor file{::open(path.c_str(), flags, 0600)};
  if (!file || !is_kept_for_others(file)) return file;
  file = FileDescriptor{};
  errno = EMFILE;
  return {};
}

}  // namespace

std::string overlay_path(const DiskConfig& disk, const MacAddress& client) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string mac;
  for (const std::uint8_t octet : client.octets) {
    mac += kDigits[octet >> 4];
    mac += kDigits[octet & 15];
  }
  const std::size_t slash = disk.file.rfind('/');
  const std::string name = slash == std::string::npos ? disk.file : disk.file.substr(slash + 1);
  return disk.overlay_folder + "/" + name + "-" + disk.address->text() + "-" + mac + ".overlay";
}

tl::expected<OverlayFile::Opened, std::string> OverlayFile::open(const std::string& path,
                                                                 const DiskBase& base,
                                                                 OverlayUse use, Absent absent) {
  const int flags = O_RDWR | O_CLOEXEC | O_NOFOLLOW | (absent == Absent::is_made ? O_CREAT : 0);
  Opened opened{.file = std::unique_ptr<OverlayFile>(new OverlayFile), .note = {}};
  OverlayFile& overlay = *opened.file;
  overlay.file_ = open_file(path, flags);
  if (!overlay.file_ && errno == ENOENT && absent == Absent::stays) return Opened{};
  if (!overlay.file_) return tl::unexpected(failure(path, errno));
  if (flock(overlay.file_.number(), LOCK_EX | LOCK_NB) != 0) {
    return tl::unexpected("overlay " + path + ": another program has it open");
  }
  auto found = use == OverlayUse::drop ? Found::nothing : overlay.look(base);
  if (!found) return tl::unexpected("overlay " + path + ": " + found.error());
  if (*found == Found::other && use == OverlayUse::resume) {
    return tl::unexpected("overlay " + path +
                          ": belongs to another version of the disk; its machine has to boot");
  }
  if (*found == Found::other) {
    const std::string aside = path + ".old";
    if (rename(path.c_str(), aside.c_str()) != 0) return tl::unexpected(failure(path, errno));
    auto next = open(path, base, use, absent);
    if (next) {
      next->note = "overlay " + path +
                   " belongs to another version of the disk: it is put aside as " + aside;
    }
    return next;
  }
  auto ready = *found == Found::overlay ? overlay.read_index() : overlay.begin(base);
  if (!ready) return tl::unexpected("overlay " + path + ": " + ready.error());
  return opened;
}

tl::expected<OverlayFile::Found, std::string> OverlayFile::look(const DiskBase& base) {
  struct stat status {};
  if (fstat(file_.number(), &status) != 0) {
    return tl::unexpected(std::string(std::strerror(errno)));
  }
  if (status.st_size == 0) return Found::nothing;
  Header header{};
  if (static_cast<std::uint64_t>(status.st_size) < header.size()) return Found::other;
  if (const int error = read_whole(file_.number(), 0, header); error != 0) {
    return tl::unexpected(std::string(std::strerror(error)));
  }
  places_ = load_be32(&header[kPlacesAt]);
  const bool sound = places_ > 0 && places_ <= kPlacesMax;
  return sound && header == header_for(base, places_) ? Found::overlay : Found::other;
}

tl::expected<void, std::string> OverlayFile::begin(const DiskBase& base) {
  places_ = static_cast<std::uint32_t>(base.config().overlay_max_bytes / kGrainSize);
  const Header header = header_for(base, places_);
  if (ftruncate(file_.number(), 0) != 0) return tl::unexpected(std::string(std::strerror(errno)));
  if (const int error = write_whole(file_.number(), 0, header); error != 0) {
    return tl::unexpected(std::string(std::strerror(error)));
  }
  return {};
}

// A file that was cut short has lost its last places; entries beyond its end are passed over.
tl::expected<void, std::string> OverlayFile::read_index() {
  struct stat status {};
  if (fstat(file_.number(), &status) != 0) {
    return tl::unexpected(std::string(std::strerror(errno)));
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  const std::uint64_t end = std::min(entry_at(places_), size);
  if (end <= kHeaderSize) return {};
  std::vector<std::uint8_t> index(end - kHeaderSize);
  if (const int error = read_whole(file_.number(), kHeaderSize, index); error != 0) {
    return tl::unexpected(std::string(std::strerror(error)));
  }
  for (std::uint32_t place = 0; (place + 1) * kEntrySize <= index.size(); ++place) {
    const std::uint64_t entry = load_be64(&index[place * kEntrySize]);
    if (entry == 0 || entry > 0xffffffff || place_at(place) + kGrainSize > size) continue;
    grains_.push_back({static_cast<std::uint32_t>(entry - 1), place});
  }
  return {};
}

std::uint64_t OverlayFile::place_at(std::uint32_t place) const {
  const std::uint64_t index_end = (entry_at(places_) + kGrainSize - 1) / kGrainSize * kGrainSize;
  return index_end + std::uint64_t{place} * kGrainSize;
}

int OverlayFile::read(std::uint32_t place, std::uint32_t offset, MutableBytes to) const {
  return read_whole(file_.number(), place_at(place) + offset, to);
}

int OverlayFile::write(std::uint32_t place, std::uint32_t offset, Bytes from) const {
  return write_whole(file_.number(), place_at(place) + offset, from);
}

int OverlayFile::enter(std::uint32_t place, std::uint32_t grain) const {
  std::array<std::uint8_t, kEntrySize> entry;
  store_be64(entry.data(), std::uint64_t{grain} + 1);
  return write_whole(file_.number(), entry_at(place), entry);
}

int OverlayFile::sync() const {
  return fdatasync(file_.number()) == 0 ? 0 : errno;
}

}  // namespace reveille
