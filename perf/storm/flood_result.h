// What came of a flood, as figures and for people.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "storm/flood.h"

namespace reveille::storm {

[[nodiscard]] nlohmann::json make_flood_result(const std::string& label, const FloodConfig& config,
                                               const Flood& flood, bool interrupted);
[[nodiscard]] std::string flood_table(const nlohmann::json& result);

}  // namespace reveille::storm
