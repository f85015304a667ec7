// The figures of a storm of disk clients, as JSON and for a terminal.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "storm/disk_options.h"
#include "storm/disk_storm.h"

namespace reveille::storm {

// See disk_result.cc for the fields.
[[nodiscard]] nlohmann::json make_disk_result(const std::string& label, const DiskOptions& options,
                                              const DiskStorm& storm, bool interrupted);
[[nodiscard]] std::string disk_table(const nlohmann::json& result);
// Nobody read a wrong byte, was refused or heard nothing.
[[nodiscard]] bool is_good(const nlohmann::json& disk_result);

}  // namespace reveille::storm
