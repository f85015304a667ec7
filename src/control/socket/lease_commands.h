// `release` and `reserve` of the control socket: {"address":"10.77.1.5"}; and `import`.
//
// `import`: {"leases":[...]}, as words_of() has them, 1024 at most and one of each address. Answers
// when what was taken over is on disk: {"taken":2,"bound":1,"left_out":[[0,"10.77.1.5 is another
// client's"]]}.
#pragma once

#include "control/leases/lease_desk.h"
#include "control/socket/commands.h"

namespace reveille {

// The desk outlives them.
[[nodiscard]] Commands lease_commands_of(LeaseDesk& desk);

}  // namespace reveille
