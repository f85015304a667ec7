#include "relay/relay_pairs.h"

namespace reveille {

std::uint64_t RelayPairs::count(const Pair& pair) {
  ++total_;
  const std::uint64_t key = (std::uint64_t{pair.first.value} << 32) | pair.second.value;
  const auto place = counts_.insert(key, 0);
  if (place.value == nullptr) return ++others_;
  return ++*place.value;
}

}  // namespace reveille
