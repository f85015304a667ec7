// The configuration against this machine, before anything is started: folders, files, interfaces,
// devices, privileges.
#pragma once

#include <reveille/config.h>

#include "control/config/problem.h"

namespace reveille {

// What the configuration is about to be used for.
enum class Purpose : std::uint8_t {
  serve,    // here and now: what is missing is an error
  inspect,  // perhaps for another machine: a port that is missing is a warning
  reload,   // here and now, by one that runs: its ports are open
  replay,   // no port and no privilege needed
};

void check_machine(const Config& config, const Origins& origins, Purpose purpose,
                   Problems& problems);

// The parts of it.
void check_image_folder(const Config& config, const Origins& origins, Problems& problems);
void check_boot_files(const Config& config, const Origins& origins, Problems& problems);
void check_log_file(const Config& config, const Origins& origins, Problems& problems);
void check_ports(const Config& config, const Origins& origins, Severity severity,
                 Problems& problems);
void check_privileges(const Config& config, const Origins& origins, Problems& problems);

}  // namespace reveille
