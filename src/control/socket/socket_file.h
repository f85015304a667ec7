// The file of the control socket: made, found stale, found taken.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "image/file_descriptor.h"

namespace reveille {

// A listening socket at `path`; see ControlSocket::listen().
[[nodiscard]] tl::expected<FileDescriptor, std::string> listen_at(const std::string& path);

}  // namespace reveille
