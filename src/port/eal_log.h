// DPDK's own words, kept instead of printed: they explain a failure, otherwise nobody needs them.
#pragma once

#include <string>

namespace reveille {

// Sends DPDK's log into a small memory, errors only. Call once, before the
// EAL starts. Thread: any thread of DPDK may log; calls from the main thread.
void capture_eal_log();

// Forgets what was said so far: the next failure shall be explained by its own lines.
void forget_eal_log();

// `sentence`, and behind a colon the first thing that DPDK said since then (the cause comes first,
// the consequences after it), or else the text of `error` (an errno, of either sign).
[[nodiscard]] std::string with_eal_words(std::string sentence, int error);

}  // namespace reveille
