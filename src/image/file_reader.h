// One file to one image.
#pragma once

#include <stop_token>

#include "image/loader.h"

namespace reveille {

enum class Placement : std::uint8_t { memory, mapped };

// Opens `file`, sees that nobody writes to it, reads it into `memory` (or maps it, if so wished
// or if there is no room), and looks again whether it stayed the same.
[[nodiscard]] LoadedFile read_file(const ImageFolder& folder, const FoundFile& file,
                                   Placement placement, ImageMemory& memory,
                                   const LoadOptions& options, const std::stop_token& stop);

}  // namespace reveille
