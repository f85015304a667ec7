// Which machine boots what.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include <reveille/config.h>

#include "image/catalogue.h"
#include "policy/facts.h"

namespace reveille {

// The decision for one machine. Views borrow from the policy (thus from the snapshot).
struct BootPlan {
  std::string_view file;          // file name or URL as the client shall ask for it
  const Image* image = nullptr;   // when we serve it ourselves: gives option 13 its size
  bool script = false;            // the client runs iPXE and gets its script
};

// Built by control from configuration and catalogue together; immutable.
class BootPolicy {
 public:
  BootPolicy(const Config& config, const Catalogue& catalogue);

  // `file_override`: the boot file of a reservation or subnet, empty if none. nullopt: there is
  // nothing that this machine could boot.
  [[nodiscard]] std::optional<BootPlan> plan(const Facts& facts,
                                             std::string_view file_override) const;

 private:
  struct Entry {
    std::string file;
    const Image* image = nullptr;
  };
  const Catalogue* catalogue_;
  std::unordered_map<std::uint16_t, Entry> by_architecture_;
  Entry default_;
  Entry script_;
};

}  // namespace reveille
