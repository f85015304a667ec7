// What the command "disks" answers.
#pragma once

#include "control/socket/commands.h"

namespace reveille {

// An array: each disk with its address, file, mode, size in octets and `clients`, each with its
// MAC address, reads, writes and the octets of its overlay. One that is not served has its address,
// file, mode and `problem`, a sentence.
[[nodiscard]] CommandResult report_disks(Server& server, const Json& arguments);

}  // namespace reveille
