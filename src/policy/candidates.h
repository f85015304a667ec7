// The names under which people keep boot files: what is looked for in the image folder when the
// configuration names no file.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace reveille {

// Boot files for an architecture, best first; empty for architectures without usual names.
[[nodiscard]] std::span<const std::string_view> boot_file_candidates(std::uint16_t architecture);

// Scripts for clients that already run iPXE, best first.
[[nodiscard]] std::span<const std::string_view> ipxe_script_candidates();

// What a file is, by its name: all that a boot policy can go by, since configured files need not
// be ours.
[[nodiscard]] bool is_http_url(std::string_view file);     // http:// or https://
[[nodiscard]] bool is_url(std::string_view file);          // any scheme://
[[nodiscard]] bool is_ipxe_script(std::string_view file);  // ends with .ipxe
// iPXE itself. A client that runs iPXE must never get it: it would load itself for ever.
[[nodiscard]] bool is_ipxe_program(std::string_view file);

}  // namespace reveille
