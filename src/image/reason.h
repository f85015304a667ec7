#pragma once

#include <string>
#include <system_error>

namespace reveille {

// What a value of errno means, in words.
inline std::string reason(int error) {
  return std::generic_category().message(error);
}

}  // namespace reveille
