// JSON as Kea's files have it, with comments and commas behind the last element, as JSON.
#pragma once

#include <string>
#include <string_view>

namespace reveille {

// Lines stay as many as they are: errors tell the number of theirs.
[[nodiscard]] std::string plain_json(std::string_view text);

}  // namespace reveille
