// The entries of [subnet.options] as octets.
#pragma once

#include <toml++/toml.h>

#include <reveille/config.h>

#include "control/config/problem.h"

namespace reveille {

inline constexpr std::size_t kOptionOctetsMax = 1024;  // RFC 3396 splits what is over 255

// One entry. The key is a name of the table in dhcp_option_names, whose shape the value then has;
// or a number, and the value is text of octets in hexadecimal or a table that says the shape:
// { ip = … }, { u8 = … }, { u16 = … }, { u32 = … }, { text = … } or { hex = … }.
// False, and a problem: it cannot be used.
bool read_option(const toml::key& key, const toml::node& value, DhcpOptionConfig& to,
                 Problems& problems);

}  // namespace reveille
