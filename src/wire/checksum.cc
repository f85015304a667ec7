#include <emmintrin.h>

#include <reveille/wire/checksum.h>

namespace reveille::wire {

// Adds native words and swaps once at the end: the ones'-complement sum does not care in which
// byte order it is made (RFC 1071, 2(B)). Sixteen octets a step, in two lanes of 64 bits: one sum
// of whole words, modulo 2^64, and one of their upper halves, which never overflows. Their
// difference is the sum of the lower halves.
std::uint16_t sum(Bytes bytes) {
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  __m128i words = _mm_setzero_si128();
  __m128i uppers = _mm_setzero_si128();
#pragma GCC unroll 4
  for (; left >= 16; at += 16, left -= 16) {
    const __m128i word = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    words = _mm_add_epi64(words, word);
    uppers = _mm_add_epi64(uppers, _mm_srli_epi64(word, 32));
  }
  const __m128i lowers = _mm_sub_epi64(words, _mm_slli_epi64(uppers, 32));
  const __m128i both = _mm_add_epi64(lowers, uppers);
  std::uint64_t total = static_cast<std::uint64_t>(_mm_cvtsi128_si64(both)) +
                        static_cast<std::uint64_t>(_mm_cvtsi128_si64(_mm_srli_si128(both, 8)));
  if ((left & 8) != 0) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    total += (word & 0xffffffff) + (word >> 32);
    at += 8;
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
