// The figures of runs as people read them. They are the JSON that result.h makes.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

namespace reveille::storm {

// All throw nlohmann::json::exception where a figure is missing or of another type.

// For a terminal. `ceiling`: null, or the result of a ceiling run.
[[nodiscard]] std::string result_table(const nlohmann::json& result, const nlohmann::json& ceiling);

// Machines wait for an answer, and nobody is at the other end of the port any more. Only memif
// knows.
[[nodiscard]] bool server_left(const nlohmann::json& result);

// A page that needs no other file: a table and three plots, one line for each result.
[[nodiscard]] std::string html_report(const std::vector<nlohmann::json>& results);

}  // namespace reveille::storm
