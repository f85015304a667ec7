// The file of the control socket: made, found stale, found taken.
#pragma once

#include <string>

#include <tl/expected.hpp>

#include "image/file_descriptor.h"

namespace reveille {

// A listening socket at `path`; see ControlSocket::listen(). A socket that is there is removed only
// when the kernel says that nobody listens. Leaves an empty file beside it, `path`.lock, so that of
// two starts at once one is refused.
[[nodiscard]] tl::expected<FileDescriptor, std::string> listen_at(const std::string& path);

}  // namespace reveille
