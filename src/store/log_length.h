// When the log of a lease database is longer than it should be, and what an operator is told.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace reveille {

// Thread: control.
class LogLength {
 public:
  // Four times what the log grows to between two copies.
  static constexpr std::uint64_t kBytesWarn = std::uint64_t{128} << 20;

  // One sentence when the log of the database at `path` has become too long; not again until it
  // has been short.
  [[nodiscard]] std::optional<std::string> look(const std::string& path, std::uint64_t bytes) {
    const bool was_long = is_long_;
    is_long_ = bytes > kBytesWarn;
    if (!is_long_ || was_long) return std::nullopt;
    return "lease database " + path + ": its log has " + std::to_string(bytes >> 20) +
           " MiB and grows, because another program does not stop reading the database";
  }

 private:
  bool is_long_ = false;
};

}  // namespace reveille
