// `reveille leases import FILE`.
#pragma once

#include <string>

#include <reveille/config.h>

#include "control/config/config_arguments.h"

namespace reveille {

// Adds the leases of another server's file to the database of `config`: through the server that has
// it open, piece by piece, or else itself, all of them or none; makes the database if there is
// none. Lines that make no sense, and addresses that somebody else holds here, are named and left
// out. Returns the exit code.
int import_lease_file(const std::string& file, const Config& config,
                      const ConfigArguments& arguments);

}  // namespace reveille
