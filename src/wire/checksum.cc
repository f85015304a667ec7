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
  if ((left & 4) != 0) {
    std::uint32_t word;
    std::memcpy(&word, at, 4);
    total += word;
    at += 4;
  }
  if ((left & 2) != 0) {
    std::uint16_t word;
    std::memcpy(&word, at, 2);
    total += word;
    at += 2;
  }
  if ((left & 1) != 0) {
    // The high octet of a word whose low one is zero.
    const std::uint8_t last[2] = {*at, 0};
    std::uint16_t word;
    std::memcpy(&word, last, 2);
    total += word;
  }
  const std::uint16_t native = fold(total);
  return detail::swap_if_little(native);
}

}  // namespace reveille::wire
