// What a fuzz target holds a result to.
#pragma once

#include <cstdlib>

namespace reveille {

inline void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace reveille
