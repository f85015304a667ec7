#include "control/console.h"

#include <iostream>

namespace reveille {

int failed(const std::string& why) {
  std::cerr << "reveille: error: " << why << "\n";
  return 1;
}

bool usable(const Problems& problems) {
  std::cerr << problems.text();
  return !problems.any_error();
}

}  // namespace reveille
