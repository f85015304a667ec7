// Events as JSON objects, one a line, for machines that read logs.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <reveille/event.h>

namespace reveille {

// RFC 3339 in UTC with milliseconds: 2026-03-01T12:00:01.234Z
[[nodiscard]] std::string utc_text(std::chrono::system_clock::time_point time);

// Fields, each left out when the event does not say it: time, level (info, warning), event (the
// name of its kind), client, firmware, architecture, architecture_name, vlan, relay, address,
// file or message, bytes, seconds, mb_per_s, outcome, text (the sentence of the text log). The
// names are an interface: they may be added to, not changed.
[[nodiscard]] std::string json_line(const Event& event, std::chrono::system_clock::time_point time);

// The same shape for what is said about a client otherwise: `event` and `text` are given.
[[nodiscard]] std::string json_line(const Event& about, std::chrono::system_clock::time_point time,
                                    std::string_view level, std::string_view event,
                                    std::string_view text);

// And for what concerns no client: time, level, event "note", text.
[[nodiscard]] std::string json_line(std::chrono::system_clock::time_point time,
                                    std::string_view level, std::string_view text);

}  // namespace reveille
