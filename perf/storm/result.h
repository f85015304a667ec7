// The figures of a run: made once, then shown as JSON, as a table and as plots (report.h).
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

}  // namespace reveille::storm
