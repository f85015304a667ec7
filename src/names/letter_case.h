#pragma once

#include <cstdint>

namespace reveille {

// Whether a pattern takes capital and small letters of ASCII for the same.
enum class LetterCase : std::uint8_t { sensitive, ignored };

}  // namespace reveille
