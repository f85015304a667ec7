// `release` and `reserve` of the control socket: {"address":"10.77.1.5"}; and `import`.
#pragma once

#include "control/socket/commands.h"

namespace reveille {

void run_release(Server& server, const Json& arguments, Answer answer);
void run_reserve(Server& server, const Json& arguments, Answer answer);

// {"leases":[...]}, as words_of() has them, 1024 at most and one of each address. Answers when what
// was taken over is on disk: {"taken":2,"bound":1,"left_out":[[0,"10.77.1.5 is another
// client's"]]}.
void run_import(Server& server, const Json& arguments, Answer answer);

}  // namespace reveille
