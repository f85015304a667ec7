// The frames of a capture, one after the other.
#pragma once

#include <functional>
#include <string>

#include <tl/expected.hpp>

#include <reveille/bytes.h>
#include <reveille/instant.h>

namespace reveille {

// `captured` counts from the epoch. The frame is gone when the call is over.
using SeeFrame = std::function<void(Bytes frame, Instant captured)>;

// Reads the capture to its end. The error says why it cannot be read: not there, no capture, not
// of Ethernet.
[[nodiscard]] tl::expected<void, std::string> for_each_frame(const std::string& file,
                                                             const SeeFrame& see);

}  // namespace reveille
