// Fields of what a running reveille answers. One that is missing, or of another kind than expected,
// reads as nothing: the reveille that answers may be an older one.
#pragma once

#include <cstdint>
#include <string>

#include <nlohmann/json.hpp>

#include "control/log/escape.h"

namespace reveille {

inline std::uint64_t number(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_number_unsigned() ? found->get<std::uint64_t>() : 0;
}

// Safe on a terminal.
inline std::string word(const nlohmann::json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? escaped(found->get<std::string>()) : "";
}

}  // namespace reveille
