#include "tftp/netascii.h"

namespace reveille {

std::size_t write_netascii(Bytes file, NetasciiCursor& cursor, MutableBytes room) {
  std::size_t written = 0;
  while (written < room.size()) {
    if (cursor.second_half) {
      room[written++] = cursor.half;
      cursor.second_half = false;
      continue;
    }
    if (cursor.offset == file.size()) break;
    const std::uint8_t octet = file[cursor.offset++];
    if (octet == '\n' || octet == '\r') {
      room[written++] = '\r';
      cursor.second_half = true;
      cursor.half = octet == '\n' ? '\n' : '\0';
    } else {
      room[written++] = octet;
    }
  }
  return written;
}

}  // namespace reveille
