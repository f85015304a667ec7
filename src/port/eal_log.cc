#include "port/eal_log.h"

#include <cstdio>
#include <mutex>
#include <string_view>
#include <vector>

#include <rte_errno.h>
#include <rte_log.h>

namespace reveille {
namespace {

constexpr std::size_t kLinesMax = 8;
constexpr std::size_t kLineMax = 400;  // octets; longer lines are cut

struct Memory {
  std::mutex mutex;
  std::vector<std::string> lines;
  std::string unfinished;
};

// Never destroyed: threads of DPDK may log while the process ends.
Memory& memory() {
  static Memory* const the_one = new Memory;
  return *the_one;
}

void keep(Memory& kept) {
  std::string_view line = kept.unfinished;
  if (const auto colon = line.find(": "); colon < 24) {
    line.remove_prefix(colon + 2);  // "EAL: ", "PMD: ", "rte_pmd_init_internals(): "
  }
  if (!line.empty() && kept.lines.size() < kLinesMax) kept.lines.emplace_back(line);
  kept.unfinished.clear();
}

ssize_t write_to_memory(void*, const char* text, std::size_t length) {
  Memory& kept = memory();
  const std::scoped_lock lock(kept.mutex);
  for (const char c : std::string_view(text, length)) {
    if (c == '\n') {
      keep(kept);
    } else if (kept.unfinished.size() < kLineMax) {
      kept.unfinished += c;
    }
  }
  return static_cast<ssize_t>(length);
}

}  // namespace

void capture_eal_log() {
  cookie_io_functions_t functions{};
  functions.write = write_to_memory;
  if (std::FILE* stream = fopencookie(nullptr, "w", functions); stream != nullptr) {
    static_cast<void>(std::setvbuf(stream, nullptr, _IOLBF, 0));
    rte_openlog_stream(stream);
  }
  rte_log_set_global_level(RTE_LOG_ERR);
}

void forget_eal_log() {
  Memory& kept = memory();
  const std::scoped_lock lock(kept.mutex);
  kept.lines.clear();
  kept.unfinished.clear();
}

std::string with_eal_words(std::string sentence, int error) {
  Memory& kept = memory();
  const std::scoped_lock lock(kept.mutex);
  sentence += ": ";
  sentence += kept.lines.empty() ? rte_strerror(error < 0 ? -error : error) : kept.lines.front();
  return sentence;
}

}  // namespace reveille
