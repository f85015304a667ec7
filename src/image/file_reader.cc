#include "image/file_reader.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <new>
#include <optional>
#include <signal.h>
#include <sys/stat.h>
#include <utility>

#include <tl/expected.hpp>

#include "image/mapped_file.h"
#include "image/reason.h"

namespace reveille {

namespace {

constexpr std::int64_t kTimeStampTick_ns = 20'000'000;
constexpr std::int64_t kQuiet_ns = 500'000'000;

// An error text, or none when reading was told to stop.
using Failure = std::optional<std::string>;

std::int64_t time_now_ns() {
  return std::chrono::nanoseconds{std::chrono::system_clock::now().time_since_epoch()}.count();
}

class Resident : public Image::Storage {
 public:
  explicit Resident(ImageMemory::Room room) : room_(std::move(room)) {}
  [[nodiscard]] Bytes bytes() const override { return room_.bytes; }

 private:
  ImageMemory::Room room_;
};

enum class Writer : std::uint8_t { none, present, unknown };

// The kernel grants a read lease only on files that nobody has open for writing. The lease is
// given back at once; whoever opens the file in that moment waits microseconds, and the signal
// that announces it is one that does nothing by default.
Writer writer_of(int descriptor) {
  if (fcntl(descriptor, F_SETSIG, SIGURG) != 0) return Writer::unknown;
  if (fcntl(descriptor, F_SETLEASE, F_RDLCK) == 0) {
    fcntl(descriptor, F_SETLEASE, F_UNLCK);
    return Writer::none;
  }
  return errno == EAGAIN ? Writer::present : Writer::unknown;
}

// `size` bytes in order, each part handed to `take_part` once it is read.
template <typename RoomFor, typename TakePart>
tl::expected<void, Failure> read_parts(int descriptor, std::uint64_t size,
                                       const std::stop_token& stop, RoomFor room_for,
                                       TakePart take_part) {
  std::uint64_t done = 0;
  while (done < size) {
    if (stop.stop_requested()) return tl::unexpected(Failure{});
    const MutableBytes part =
        room_for(done, std::min<std::uint64_t>(size - done, Digester::kPartSize));
    std::size_t got = 0;
    while (got < part.size()) {
      const ssize_t result =
          pread(descriptor, part.data() + got, part.size() - got, static_cast<off_t>(done + got));
      if (result < 0 && errno == EINTR) continue;
      if (result < 0) return tl::unexpected(Failure{"cannot be read: " + reason(errno)});
      if (result == 0) return tl::unexpected(Failure{"became shorter while it was read"});
      got += static_cast<std::size_t>(result);
    }
    take_part(Bytes{part});
    done += part.size();
  }
  return {};
}

struct Content {
  std::unique_ptr<Image::Storage> storage;
  Digest digest;
};

tl::expected<Content, Failure> read_resident(int descriptor, ImageMemory::Room room,
                                             const std::stop_token& stop) {
  const MutableBytes whole = room.bytes;
  Digester digester{whole.size()};
  const auto read = read_parts(
      descriptor, whole.size(), stop,
      [&](std::uint64_t at, std::uint64_t size) { return whole.subspan(at, size); },
      [&](Bytes part) { digester.append(part); });
  if (!read) return tl::unexpected(read.error());
  return Content{std::make_unique<Resident>(std::move(room)), digester.finish()};
}

// Read, not touched through the mapping: an unreadable sector is an error here, not a signal.
tl::expected<Content, Failure> read_mapped(int descriptor, std::uint64_t size,
                                           const std::stop_token& stop) {
  auto mapped = MappedFile::map(descriptor, size);
  if (!mapped) return tl::unexpected(Failure{std::move(mapped.error())});
  std::vector<std::uint8_t> part(Digester::kPartSize);
  Digester digester{size};
  const auto read = read_parts(
      descriptor, size, stop,
      [&](std::uint64_t, std::uint64_t length) { return MutableBytes{part}.first(length); },
      [&](Bytes bytes) { digester.append(bytes); });
  if (!read) return tl::unexpected(read.error());
  return Content{std::move(*mapped), digester.finish()};
}

tl::expected<Content, Failure> read_content(int descriptor, std::uint64_t size, Placement placement,
                                            ImageMemory& memory, const std::stop_token& stop) {
  posix_fadvise(descriptor, 0, 0, POSIX_FADV_SEQUENTIAL);
  if (placement == Placement::memory || size == 0) {
    if (auto room = memory.take(size)) return read_resident(descriptor, std::move(*room), stop);
  }
  return read_mapped(descriptor, size, stop);
}

}  // namespace

LoadedFile read_file(const ImageFolder& folder, const FoundFile& file, Placement placement,
                     ImageMemory& memory, const LoadOptions& options,
                     const std::stop_token& stop) try {
  LoadedFile loaded{.file = file};
  const auto failed = [&](std::string problem, bool being_written = false) {
    loaded.problem = std::move(problem);
    loaded.being_written = being_written;
    return loaded;
  };
  const FileDescriptor opened = folder.open_below(file.path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  struct stat status {};
  if (!opened || fstat(opened.number(), &status) != 0) {
    if (errno == ENOENT) return failed("");  // removed since the folder was listed
    return failed("cannot be opened: " + reason(errno));
  }
  if (!S_ISREG(status.st_mode)) return failed("not a file");
  loaded.file.identity = identity_of(status);

  constexpr const char* kBeingWritten = "is being written; it is served once that is done";
  const std::int64_t age_ns = time_now_ns() - loaded.file.identity.changed_ns;
  const Writer writer = writer_of(opened.number());
  const bool restless = options.wait_for_quiet && ((age_ns >= 0 && age_ns < kQuiet_ns) ||
                                                   options.being_written.contains(file.path));
  if (writer == Writer::present || (writer == Writer::unknown && restless))
    return failed(kBeingWritten, true);

  auto content =
      read_content(opened.number(), loaded.file.identity.size_bytes, placement, memory, stop);
  // A file that changed under us is being written, whatever reading it said.
  if (fstat(opened.number(), &status) != 0 || identity_of(status) != loaded.file.identity ||
      writer_of(opened.number()) == Writer::present) {
    return failed(kBeingWritten, true);
  }
  if (!content) return failed(std::move(content.error()).value_or(""));
  loaded.fresh = age_ns < kTimeStampTick_ns;
  loaded.image = std::make_shared<const Image>(file.name, std::move(content->storage),
                                               std::move(content->digest));
  return loaded;
} catch (const std::bad_alloc&) {
  return {.file = file, .problem = "no memory left to load it"};
}

}  // namespace reveille
