// Whether an interface of the kernel can carry frames just now.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace reveille {

enum class InterfaceState : std::uint8_t {
  up,
  no_carrier,  // nothing is plugged in, or the other end is down
  down,        // administratively
  gone,        // removed; one of the same name that came after it is another
};
[[nodiscard]] std::string_view name(InterfaceState state);

// Of the interface that had that name and that index. What cannot be found out counts as up.
[[nodiscard]] InterfaceState interface_state(const std::string& name, unsigned index);

}  // namespace reveille
