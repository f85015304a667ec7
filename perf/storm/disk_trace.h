// Reads of a disk in their order, as somebody's boot made them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

namespace reveille::storm {

struct TraceRead {
  std::uint64_t lba = 0;
  std::uint32_t sectors = 0;  // may be more than one frame carries
};
using DiskTrace = std::vector<TraceRead>;

inline constexpr std::size_t kTraceReadsMax = 1'000'000;
inline constexpr std::uint32_t kTraceSectorsMax = 65536;  // of one read

// Lines of two decimal numbers, sector and how many sectors, one read each; "#" begins a comment.
// The error begins with `name` and the line: what is no read, or reads more than `disk_sectors`.
// A trace without any read is an error.
[[nodiscard]] tl::expected<DiskTrace, std::string> parse_disk_trace(std::string_view text,
                                                                    const std::string& name,
                                                                    std::uint64_t disk_sectors);

// The same of a file, of at most 64 MiB.
[[nodiscard]] tl::expected<DiskTrace, std::string> read_disk_trace(const std::string& path,
                                                                   std::uint64_t disk_sectors);

}  // namespace reveille::storm
