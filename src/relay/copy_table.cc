#include "relay/copy_table.h"

#include <algorithm>

#include "packet/bytes_hash.h"
#include "packet/share.h"

namespace reveille {

CopyKey copy_key_of(const Request& request, const wire::DhcpView& message) {
  return {message.chaddr().number(), message.xid(), message.secs(),
          static_cast<std::uint8_t>(message.type()), request.service};
}

RelayPath relay_path_of(const Request& request, const wire::DhcpView& message) {
  RelayPath path;
  path.giaddr = message.giaddr();
  // Without a relay the source is the client, zero at first and its address later.
  if (!path.giaddr.is_zero()) path.source = request.source;
  if (const auto circuit = message.option(wire::DhcpOption::relay_agent_information)) {
    path.circuit = hash_bytes(*circuit, 1);
  }
  return path;
}

CopyTable::CopyTable(std::size_t entries, Nanoseconds window, std::uint64_t seed)
    : window_(window),
      seed_(seed),
      entries_(std::max<std::size_t>(entries, 1)),
      index_(entries_.size()) {}

std::uint64_t CopyTable::hash_of(const CopyKey& key) const {
  const std::uint64_t rest = (std::uint64_t{key.xid} << 32) | (std::uint64_t{key.secs} << 16) |
                             (std::uint64_t{key.type} << 8) |
                             static_cast<std::uint64_t>(key.service);
  constexpr std::uint64_t kUsed = std::uint64_t{1} << 63;  // far from the bits that tables use
  return mix(mix(key.client ^ seed_) ^ rest) | kUsed;
}

CopyTable::Seen CopyTable::note(const CopyKey& key, const RelayPath& path, Instant now) {
  const std::uint64_t hash = hash_of(key);
  const std::uint32_t found =
      index_.find(hash, [&](std::uint32_t i) { return entries_[i].key == key; });
  if (found != kNoIndex) {
    Entry& entry = entries_[found];
    if (entry.path == path) {
      entry.at = now;
      return {Kind::repeat, path};
    }
    if (now - entry.at < window_) return {Kind::copy, entry.path};
    // Too late for a copy: the client has asked again, and another relay was first this time.
    entry.path = path;
    entry.at = now;
    return {Kind::first, path};
  }
  Entry& entry = entries_[next_];
  if (entry.hash != 0) index_.erase(entry.hash, next_);
  entry = {key, path, now, hash};
  index_.insert(hash, next_);
  next_ = next_ + 1 == entries_.size() ? 0 : next_ + 1;
  // The next one to be forgotten: where it stands is another random place. What that is, the one
  // after it is to say without a wait.
  if (entries_[next_].hash != 0) index_.prefetch(entries_[next_].hash);
  __builtin_prefetch(&entries_[next_ + 1 == entries_.size() ? 0 : next_ + 1].hash, 1);
  return {Kind::first, path};
}

}  // namespace reveille
