// "status": what a running reveille serves, and how it is doing.
#pragma once

#include "control/socket/commands.h"

namespace reveille {

// {"version", "process", "uptime_seconds", "serving", "configuration", "images": {...},
//  "ports": [...], "workers": [...], "transfers": {...}, "subnets": [...], "outcomes": {...}}
// Numbers are those that the workers wrote last, a tenth of a second ago at most.
[[nodiscard]] CommandResult report_status(Server& server, const Json& arguments);

}  // namespace reveille
