// Where things stand in a DHCP message: RFC 2131, figure 1, and option 52 of RFC 2132.
#pragma once

#include <cstddef>
#include <cstdint>

#include <reveille/wire/dhcp.h>

namespace reveille::wire {

inline constexpr std::size_t kCiaddrOffset = 12;
inline constexpr std::size_t kYiaddrOffset = 16;
inline constexpr std::size_t kSnameOffset = 44;
inline constexpr std::size_t kSnameLength = 64;
inline constexpr std::size_t kFileOffset = 108;
inline constexpr std::size_t kFileLength = 128;
inline constexpr std::size_t kCookieOffset = 236;
inline constexpr std::uint32_t kMagicCookie = 0x63825363;

// Bits of option 52: which field holds options.
inline constexpr std::uint8_t kOverloadFile = 1;
inline constexpr std::uint8_t kOverloadSname = 2;

// What a reply says as its request did: htype, hlen, xid, flags, giaddr and chaddr; and op. RFC
// 2131, table 3. `to` has room for the fixed fields.
void write_reply_fields(std::uint8_t* to, const DhcpView& request);

}  // namespace reveille::wire
