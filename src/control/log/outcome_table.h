// All outcomes as a table: what became of every frame.
#pragma once

#include <span>
#include <string>

#include <reveille/outcome.h>

namespace reveille {

// One row for each outcome that occurred, with its verdict and meaning, then one for each verdict
// and the total. With more than one worker, a column for each. Ends with a line end; says so in
// one line when there was no frame.
[[nodiscard]] std::string outcome_table(std::span<const OutcomeCounts> workers);
[[nodiscard]] std::string outcome_table(const OutcomeCounts& counts);

// The same as one JSON object: {"event":"outcomes","frames":N,"verdicts":{...},"outcomes":
// {name:{"verdict":..,"frames":N,"workers":[..]}}}.
[[nodiscard]] std::string outcome_json(std::span<const OutcomeCounts> workers);

}  // namespace reveille
