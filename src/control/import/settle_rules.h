// The order in which imported rules count, and what becomes of it here.
#pragma once

#include "control/import/imported.h"

namespace reveille {

// reveille's first rule that matches decides alone, before hosts, subnets and [boot]; elsewhere a
// host's file goes before those of classes, a machine that is dropped is dropped whatever else
// holds, and what several classes give is added up. So:
//
//   - rules that ignore machines go first, then rules for the hosts that would lose their file;
//   - rules from the end of the list become `boot_file` of their subnet, `ipxe_script`, `files` or
//     `default_file`, for as long as those are asked in the same order;
//   - a rule with a server and without a file is joined with those that name a file;
//   - rules for the machines of `pools` are joined with all others.
//
// Everything else of `imported` has been settled. What differs after all is remarked.
void settle_rules(Imported& imported);

}  // namespace reveille
