#include "aoe/session_table.h"

namespace reveille {

SessionTable::SessionTable(std::size_t capacity, std::uint64_t seed)
    : seed_(seed),
      sessions_(capacity),
      figures_(new SessionFigures[capacity]),
      table_(capacity),
      lists_(capacity, 3) {
  for (std::uint32_t i = 0; i < capacity; ++i) lists_.push_back(kFree, i);
}

std::uint32_t SessionTable::begin(const MacAddress& client, DiskAddress address) {
  const std::uint32_t index = lists_.front(kFree);
  if (index == kNoIndex) return kNoIndex;
  lists_.unlink(index);
  lists_.push_back(kVisitors, index);
  Session& session = sessions_[index];
  session = Session{};
  session.key = key_of(client, address);
  session.client = client;
  session.address = address;
  table_.insert(hash(session.key, address), index);
  SessionFigures& figures = figures_[index];
  figures.grains.store(0, std::memory_order_relaxed);
  figures.reads.store(0, std::memory_order_relaxed);
  figures.writes.store(0, std::memory_order_relaxed);
  figures.disk.store(static_cast<std::uint32_t>(address.shelf << 8 | address.slot),
                     std::memory_order_relaxed);
  figures.client.store(client.number(), std::memory_order_release);
  ++open_;
  return index;
}

void SessionTable::prove(std::uint32_t index) {
  sessions_[index].proven = true;
  touch(index);
}

void SessionTable::touch(std::uint32_t index) {
  lists_.unlink(index);
  lists_.push_back(sessions_[index].proven ? kClients : kVisitors, index);
}

void SessionTable::end(std::uint32_t index) {
  table_.erase(hash(sessions_[index].key, sessions_[index].address), index);
  sessions_[index].key = kNoKey;
  figures_[index].client.store(0, std::memory_order_release);
  lists_.unlink(index);
  lists_.push_back(kFree, index);
  --open_;
}

}  // namespace reveille
