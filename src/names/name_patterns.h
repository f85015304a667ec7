// Many regular expressions over one name, looked for at once by Hyperscan.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <tl/expected.hpp>

struct hs_database;
struct hs_scratch;

namespace reveille {

// Compiled by control, immutable but for the scratch memory, of which each worker has its own.
class NamePatterns {
 public:
  enum class Case : std::uint8_t { sensitive, ignored };

  // Why Hyperscan cannot look for `pattern`; empty: it can. Without compiling it.
  [[nodiscard]] static std::string problem_of(const std::string& pattern, Case letters);

  // For workers 0 to `workers` - 1. `patterns` is not empty. The error says which and why.
  [[nodiscard]] static tl::expected<NamePatterns, std::string> compile(
      const std::vector<std::string>& patterns, Case letters, unsigned workers);

  // The first patterns, by their index, that occur in `text`: as many as `found` has room for, in
  // ascending order. Returns how many. Time is linear in the text whatever the patterns are; no
  // allocation. One call at a time for each worker.
  std::size_t match(std::string_view text, unsigned worker, std::span<std::uint32_t> found) const;

 private:
  struct FreeDatabase {
    void operator()(hs_database* database) const;
  };
  struct FreeScratch {
    void operator()(hs_scratch* scratch) const;
  };
  std::unique_ptr<hs_database, FreeDatabase> database_;
  std::vector<std::unique_ptr<hs_scratch, FreeScratch>> scratches_;  // by worker
};

}  // namespace reveille
