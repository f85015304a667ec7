#include "storm/disk_trace.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>
#include <fstream>
#include <optional>

namespace reveille::storm {
namespace {

constexpr std::size_t kFileMax = std::size_t{64} << 20;
constexpr std::string_view kBlanks = " \t\r";

// The next word of the line, which loses it; empty at its end.
std::string_view next_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(kBlanks), line.size()));
  const std::string_view word = line.substr(0, line.find_first_of(kBlanks));
  line.remove_prefix(word.size());
  return word;
}

// Decimal digits and nothing else, as far as 64 bits go.
std::optional<std::uint64_t> number(std::string_view word) {
  std::uint64_t value = 0;
  const char* const end = word.data() + word.size();
  const auto [stop, error] = std::from_chars(word.data(), end, value);
  if (word.empty() || error != std::errc{} || stop != end) return std::nullopt;
  return value;
}

// The error is a clause.
tl::expected<TraceRead, std::string> read_of(std::string_view line, std::uint64_t disk_sectors) {
  const auto lba = number(next_word(line));
  const auto sectors = number(next_word(line));
  if (!lba || !sectors || !next_word(line).empty()) {
    return tl::unexpected(std::string("is not as LBA SECTORS, two decimal numbers"));
  }
  if (*sectors == 0 || *sectors > kTraceSectorsMax) {
    return tl::unexpected(fmt::format("a read has 1 to {} sectors", kTraceSectorsMax));
  }
  if (*lba >= disk_sectors || *sectors > disk_sectors - *lba) {
    return tl::unexpected(fmt::format("reads beyond the disk, which has {} sectors", disk_sectors));
  }
  return TraceRead{.lba = *lba, .sectors = static_cast<std::uint32_t>(*sectors)};
}

}  // namespace

tl::expected<DiskTrace, std::string> parse_disk_trace(std::string_view text,
                                                      const std::string& name,
                                                      std::uint64_t disk_sectors) {
  DiskTrace trace;
  for (std::size_t number = 1; !text.empty(); ++number) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    line = line.substr(0, line.find('#'));
    if (line.find_first_not_of(kBlanks) == std::string_view::npos) continue;
    const auto read = read_of(line, disk_sectors);
    if (!read) return tl::unexpected(fmt::format("{}:{}: {}", name, number, read.error()));
    if (trace.size() == kTraceReadsMax) {
      return tl::unexpected(
          fmt::format("{}:{}: a trace has at most {} reads", name, number, kTraceReadsMax));
    }
    trace.push_back(*read);
  }
  if (trace.empty()) return tl::unexpected(name + ": has no read");
  return trace;
}

tl::expected<DiskTrace, std::string> read_disk_trace(const std::string& path,
                                                     std::uint64_t disk_sectors) {
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileMax + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (!file.is_open() || file.bad()) return tl::unexpected(path + " cannot be read");
  if (text.size() > kFileMax) return tl::unexpected(path + " is larger than 64 MiB");
  return parse_disk_trace(text, path, disk_sectors);
}

}  // namespace reveille::storm
