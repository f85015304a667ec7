// `release` and `reserve` of the control socket: {"address":"10.77.1.5"}.
#pragma once

#include "control/socket/commands.h"

namespace reveille {

void run_release(Server& server, const Json& arguments, Answer answer);
void run_reserve(Server& server, const Json& arguments, Answer answer);

}  // namespace reveille
