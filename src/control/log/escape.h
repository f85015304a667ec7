// Text from the wire or from file names, made safe to print.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace reveille {

// Valid UTF-8 on one line, for terminals, logs and JSON alike. Control characters (C0, DEL and
// C1, which terminals obey), bytes that are no UTF-8, and characters that reverse or hide what
// stands around them become \xNN, byte by byte; a backslash becomes two, so that nothing can
// pass for an escape. At most `bytes_max` bytes of `raw` are shown, then "...".
[[nodiscard]] std::string escaped(std::string_view raw, std::size_t bytes_max = 512);

// The same for use in a sentence: in double quotes if it is empty or would run into what follows.
[[nodiscard]] std::string quoted(std::string_view raw, std::size_t bytes_max = 512);

}  // namespace reveille
