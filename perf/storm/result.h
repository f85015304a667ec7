// The figures of a run: made once, then shown as JSON, as a table and as plots.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "storm/options.h"
#include "storm/run.h"

namespace reveille::storm {

// `result.schema` of files that read_result() takes.
inline constexpr int kResultSchema = 1;

// What one storm gave. See result.cc for its fields: they are the JSON file.
[[nodiscard]] nlohmann::json make_result(const Options& options, Swarm& swarm, const Port& port,
                                         const LoopFigures& loop);

// The error is a sentence.
tl::expected<void, std::string> write_text(const std::string& path, const std::string& text);
tl::expected<nlohmann::json, std::string> read_result(const std::string& path);

// For a terminal. `ceiling`: null, or the result of a ceiling run.
[[nodiscard]] std::string result_table(const nlohmann::json& result, const nlohmann::json& ceiling);

// A page that needs no other file: a table and three plots, one line for each result.
[[nodiscard]] std::string html_report(const std::vector<nlohmann::json>& results);

}  // namespace reveille::storm
