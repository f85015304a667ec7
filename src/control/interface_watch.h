// Interfaces of the kernel that lose their link while they are served: nothing else would say so.
#pragma once

#include <string>
#include <vector>

#include <reveille/config.h>

#include "port/interface_state.h"

namespace reveille {

// Thread: control.
class InterfaceWatch {
 public:
  // Of those that the configuration names, as they are now.
  explicit InterfaceWatch(const Config& config);

  struct News {
    std::string text;  // a sentence for the log
    bool is_trouble = false;
  };
  // What has changed since the last look, and at the first one what cannot carry frames.
  std::vector<News> look();
  // At the last look; "" for one that is none of the kernel's.
  [[nodiscard]] std::string_view state_of(const std::string& interface) const;

 private:
  struct Watched {
    std::string name;
    unsigned index = 0;
    InterfaceState state = InterfaceState::up;
  };
  std::vector<Watched> all_;
};

}  // namespace reveille
