// Events in the words of an operator: who, what kind of machine, what happened.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <reveille/event.h>

namespace reveille {

// The name of a kind in JSON lines, as it is spelled in the enumeration.
[[nodiscard]] std::string_view name(EventKind kind);
[[nodiscard]] std::string_view name(Firmware firmware);

// True for steps that a boot does not recover from by itself.
[[nodiscard]] bool is_trouble(const Event& event);

// The client's MAC address, or its IPv4 address where only that is known.
[[nodiscard]] std::string who(const Event& event);

// "x64 UEFI", "iPXE x64 UEFI", "BIOS"; empty when nothing is known.
[[nodiscard]] std::string machine(const Event& event);

// What happened, without who: "acked 10.77.1.5, boots snponly.efi". Everything from the wire is
// escaped; one line, at most 800 bytes.
[[nodiscard]] std::string sentence(const Event& event);

// "1.03 MB", "512 bytes"
[[nodiscard]] std::string amount_text(std::uint64_t bytes);
// "0.12 s", "75.3 s"
[[nodiscard]] std::string seconds_text(Nanoseconds time);
// Megabytes (10^6) a second; 0 when no time has passed.
[[nodiscard]] double megabytes_per_second(std::uint64_t bytes, Nanoseconds time);

}  // namespace reveille
