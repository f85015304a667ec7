// Transfer mode "netascii" (RFC 1350 section 1, RFC 764): a line ends in CR LF, a bare CR is
// CR NUL. Files here are as Unix wrote them: LF ends a line.
#pragma once

#include <cstddef>
#include <cstdint>

#include <reveille/bytes.h>

namespace reveille {

// A place in the translated stream: the next file octet, and perhaps the second octet of a
// pair of which the first was the last of a block.
struct NetasciiCursor {
  std::uint64_t offset = 0;
  bool second_half = false;
  std::uint8_t half = 0;
};

// Translates from `cursor` on until `room` is full or the file ends, and moves the cursor.
// Returns the octets written: fewer than the room has only at the end of the file. Reads at
// most room.size() octets of the file.
std::size_t write_netascii(Bytes file, NetasciiCursor& cursor, MutableBytes room);

}  // namespace reveille
