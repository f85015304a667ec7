// Which sectors a machine asks for next.
#include <algorithm>

#include "storm/disk_storm.h"

namespace reveille::storm {
namespace {

constexpr unsigned kCandidates = 8;  // then it waits for an answer first

}  // namespace

bool DiskStorm::choose(std::uint32_t number, Request& request) {
  request.sectors = sectors_;
  if (phase_ == Phase::checking) return choose_check(number, request);
  if (config_.order == Order::trace) return choose_traced(number, request);
  if (below(100) < config_.write_percent) return choose_write(number, request);
  return choose_read(number, request);
}

// Not while a write to the same sectors is under way, nor a write while they are read: nobody
// knows which comes first.
bool DiskStorm::is_free(std::uint32_t number, std::uint64_t lba, bool write) const {
  const Request* const requests = &requests_[std::size_t{number} * config_.depth];
  return std::none_of(requests, requests + config_.depth, [&](const Request& other) {
    const bool conflicts = other.kind == Kind::write || (write && other.kind == Kind::read);
    return conflicts && other.lba < lba + sectors_ && lba < other.lba + other.sectors;
  });
}

bool DiskStorm::choose_read(std::uint32_t number, Request& request) {
  request.kind = Kind::read;
  const std::uint64_t places = contents_.sectors() / sectors_;
  const std::uint64_t own = contents_.part_begin(number);
  for (unsigned i = 0; i < kCandidates; ++i) {
    std::uint64_t lba = 0;
    if (config_.order == Order::random) {
      lba = below(places) * sectors_;
    } else {
      std::uint64_t& cursor = clients_[number].cursor;
      if (cursor + sectors_ > contents_.sectors()) cursor = 0;
      lba = cursor;
      cursor += sectors_;
    }
    // Where others write, a target that does not keep them apart has what they wrote.
    const bool others =
        lba < contents_.parts_end() && (lba < own || lba + sectors_ > own + contents_.part());
    if (others && !config_.isolated) {
      if (config_.order == Order::sequential) clients_[number].cursor = contents_.parts_end();
      continue;
    }
    if (!is_free(number, lba, false)) continue;
    request.lba = lba;
    return true;
  }
  request.kind = Kind::none;
  return false;
}

// Boots overlap their reads as this does: the next one does not wait for the one before.
bool DiskStorm::choose_traced(std::uint32_t number, Request& request) {
  Client& client = clients_[number];
  const TraceRead& read = config_.trace[client.step];
  request.kind = Kind::read;
  request.lba = read.lba + client.cursor;
  request.sectors =
      static_cast<std::uint8_t>(std::min<std::uint64_t>(sectors_, read.sectors - client.cursor));
  client.cursor += request.sectors;
  if (client.cursor < read.sectors) return true;
  client.cursor = 0;
  if (++client.step < config_.trace.size()) return true;
  client.step = 0;
  ++counters_.replays;
  return true;
}

bool DiskStorm::choose_write(std::uint32_t number, Request& request) {
  request.kind = Kind::none;
  const std::uint64_t own = contents_.part_begin(number);
  const std::uint64_t places = contents_.part() / sectors_;
  for (unsigned i = 0; i < kCandidates && places > 0; ++i) {
    std::uint64_t place = 0;
    if (config_.order == Order::random) {
      place = below(places);
    } else {
      place = clients_[number].count % places;
    }
    const std::uint64_t lba = own + place * sectors_;
    if (!contents_.writable(number, lba, sectors_) || !is_free(number, lba, true)) continue;
    request.kind = Kind::write;
    request.lba = lba;
    return true;
  }
  return choose_read(number, request);
}

// Each sector that was written, one after the other.
bool DiskStorm::choose_check(std::uint32_t number, Request& request) {
  request.kind = Kind::none;
  const std::uint64_t end = contents_.part_begin(number) + contents_.part();
  for (std::uint64_t& cursor = clients_[number].cursor; cursor < end;) {
    const std::uint64_t lba = cursor;
    request.sectors = 1;
    if (contents_.written(number, lba)) {
      const Request* const requests = &requests_[std::size_t{number} * config_.depth];
      const bool busy = std::any_of(requests, requests + config_.depth, [&](const Request& other) {
        return other.kind == Kind::write && other.lba <= lba && lba < other.lba + other.sectors;
      });
      if (busy) return false;  // asked for when the write was answered
      ++cursor;
      request.kind = Kind::read;
      request.lba = lba;
      return true;
    }
    ++cursor;
  }
  return false;
}

}  // namespace reveille::storm
