// What a client asks for in its read request, and what it gets: RFC 2347, 2348, 2349, 7440.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include <reveille/bytes.h>
#include <reveille/instant.h>
#include <reveille/wire/tftp.h>

#include "tftp/transfer.h"

namespace reveille {

inline constexpr std::uint16_t kDefaultBlockSize = 512;

// What we are able to give.
struct TftpLimits {
  std::uint16_t block_size_max = kDefaultBlockSize;
  std::uint16_t window_size_max = 1;
  // Unknown for a translated file (RFC 2349 wants the octets that will be transferred).
  std::optional<std::uint64_t> file_size;
};

// What both sides go by.
struct TftpTerms {
  std::uint16_t block_size = kDefaultBlockSize;
  std::uint16_t window_size = 1;
  std::optional<Nanoseconds> timeout;
  // The OACK packet; empty when no option was accepted: the transfer then begins with DATA.
  std::array<std::uint8_t, TransferDetail::kOackRoom> oack;
  std::uint8_t oack_length = 0;
};

// Accepts each option that is known, well formed and in range, the first of a name only, with
// the value asked for or, where its RFC allows it, a smaller one. All others are left out, as
// RFC 2347 says, and the transfer goes by the default.
[[nodiscard]] TftpTerms negotiate(std::span<const wire::TftpOption> asked,
                                  const TftpLimits& limits);

// ASCII letters without case, as modes (RFC 1350) and option names (RFC 2347) compare.
[[nodiscard]] bool equal_without_case(std::string_view a, std::string_view b);

}  // namespace reveille
