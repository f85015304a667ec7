#include <reveille/wire/checksum.h>

namespace reveille::wire {

// Adds native words and swaps once at the end: the ones'-complement sum does not care in which
// byte order it is made (RFC 1071, 2(B)). Eight octets a step; the halves are added so that no
// carry is lost: a 64-bit sum has room for 2^32 of them.
std::uint16_t sum(Bytes bytes) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t total = 0;
  for (; left >= 8; at += 8, left -= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    total += (word & 0xffffffff) + (word >> 32);
  }
  if (left > 0) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, left);
    total += (word & 0xffffffff) + (word >> 32);
  }
  const std::uint16_t native = fold(total);
  return detail::swap_if_little(native);
}

}  // namespace reveille::wire
