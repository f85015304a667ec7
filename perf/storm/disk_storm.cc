#include "storm/disk_storm.h"

#include <algorithm>

#include <reveille/wire/ethernet.h>

namespace reveille::storm {
namespace {

using wire::AoeAtaView;
using wire::AoeCommand;
using wire::AtaCommand;

constexpr unsigned kFindsMax = 20;
constexpr Nanoseconds kFindEvery = 500ms;
// Longer than any target needs under load, as the aoe driver's own upper limit is.
constexpr Nanoseconds kWait = 500ms;
constexpr unsigned kTriesMax = 10;
constexpr Nanoseconds kSweepEvery = 20ms;
constexpr std::size_t kFrameMin = 60;
constexpr MacAddress kEverybody{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

}  // namespace

DiskStorm::DiskStorm(const DiskStormConfig& config, Bytes image, Outlet& outlet)
    : config_(config),
      contents_(config, image),
      outlet_(outlet),
      random_(config.seed),
      clients_(config.machines),
      requests_(std::size_t{config.machines} * config.depth),
      sectors_(config.sectors) {
  if (contents_.parts_end() > contents_.sectors()) {
    complaint_ = "the disk is too small for what all machines write";
    phase_ = Phase::over;
  }
}

void DiskStorm::prefetch(Bytes frame) const {
  if (frame.size() < wire::kEthernetHeader) return;
  const std::uint32_t number = number_of(MacAddress::from(frame.data())) - config_.first_machine;
  if (number < clients_.size()) __builtin_prefetch(&requests_[std::size_t{number} * config_.depth]);
}

void DiskStorm::prefetch_further(Bytes frame) const {
  constexpr std::size_t kTag = wire::kEthernetHeader + 6;
  if (frame.size() < kTag + 4) return;
  const std::uint32_t number = number_of(MacAddress::from(frame.data())) - config_.first_machine;
  if (number >= clients_.size()) return;
  const Request& request =
      requests_[std::size_t{number} * config_.depth + load_be32(&frame[kTag]) % config_.depth];
  if (request.kind == Kind::read) contents_.prefetch(request.lba, request.sectors);
}

void DiskStorm::receive(Bytes frame, Instant now) {
  const auto ethernet = wire::EthernetView::parse(frame);
  if (!ethernet || ethernet->type() != wire::EtherType::aoe) return;
  const auto packet = wire::AoeView::parse(ethernet->payload());
  const std::uint32_t number = number_of(ethernet->destination()) - config_.first_machine;
  if (!packet || !packet->is_response() || number >= clients_.size()) return;
  if (packet->command() == AoeCommand::query_config) {
    return found(*packet, ethernet->source(), now);
  }
  // A tag is the place of the request and how many there were before.
  Request& request = requests_of(number)[packet->tag() % config_.depth];
  if (packet->command() != AoeCommand::ata || request.kind == Kind::none ||
      request.tag != packet->tag()) {
    ++counters_.stray;
    return;
  }
  answered(number, request, *packet, now);
}

void DiskStorm::tick(Instant now) {
  if (phase_ == Phase::over) return;
  if (phase_ == Phase::finding) return find(now);
  if (phase_ == Phase::identifying && busy_ == 0) begin_measuring(now);
  if (phase_ == Phase::measuring && now - began_ >= config_.duration) begin_checking(now);
  if (now >= next_sweep_) sweep(now);
  if (phase_ == Phase::checking && busy_ == 0) phase_ = Phase::over;
}

void DiskStorm::find(Instant now) {
  if (now < next_find_) return;
  if (finds_++ == kFindsMax) {
    complaint_ = "nobody answers for that disk";
    phase_ = Phase::over;
    return;
  }
  next_find_ = now + kFindEvery;
  std::uint8_t* at = begin_frame(0, kEverybody, AoeCommand::query_config, 0);
  at = wire::write_aoe_config(at, 0, 0, 0, wire::AoeConfigView::Operation::read, 0);
  std::fill(at, room_.data() + kFrameMin, std::uint8_t{0});
  outlet_.send(kFrameMin);
}

void DiskStorm::found(const wire::AoeView& packet, const MacAddress& target, Instant now) {
  const auto config = wire::AoeConfigView::parse(packet.arguments());
  if (phase_ != Phase::finding || !config || packet.is_error()) return;
  if (packet.shelf() != config_.shelf || packet.slot() != config_.slot) return;
  target_ = target;
  // Zero: the target says nothing of it, and two fit any frame.
  const std::uint8_t limit = config->sectors() == 0 ? 2 : config->sectors();
  constexpr std::size_t kHeaders =
      wire::kEthernetHeader + wire::kAoeHeader + wire::kAoeAtaArguments;
  const std::size_t fit = (outlet_.room().size() - kHeaders) / wire::kSectorSize;
  sectors_ =
      std::min({sectors_, limit, static_cast<std::uint8_t>(std::min<std::size_t>(fit, 255))});
  phase_ = Phase::identifying;
  for (std::uint32_t number = 0; number < clients_.size(); ++number) {
    Request& request = *requests_of(number);
    request.kind = Kind::identify;
    request.sectors = 1;
    start(number, request, now);
  }
}

void DiskStorm::begin_measuring(Instant now) {
  if (!complaint_.empty() || identified_ == 0) {
    if (complaint_.empty()) complaint_ = "nobody could identify the disk";
    phase_ = Phase::over;
    return;
  }
  phase_ = Phase::measuring;
  began_ = now;
  for (std::uint32_t number = 0; number < clients_.size(); ++number) {
    const bool traced = config_.order == Order::trace;
    clients_[number].cursor = traced ? 0 : contents_.sectors() / clients_.size() * number;
    fill(number, now);
  }
}

// Answers that come from now on count no more.
void DiskStorm::begin_checking(Instant now) {
  measured_ = now - began_;
  phase_ = Phase::checking;
  for (std::uint32_t number = 0; number < clients_.size(); ++number) {
    clients_[number].cursor = contents_.part_begin(number);
    fill(number, now);
  }
}

void DiskStorm::answered(std::uint32_t number, Request& request, const wire::AoeView& packet,
                         Instant now) {
  const Request asked = request;
  Client& client = clients_[number];
  request.kind = Kind::none;
  if (--client.out == 0) --busy_;
  const auto ata = AoeAtaView::parse(packet.arguments());
  const bool refused = !ata || packet.is_error() || (ata->command() & wire::kAtaError) != 0;
  const std::size_t length = asked.sectors * wire::kSectorSize;
  if (refused) {
    ++counters_.refused;
    if (asked.kind == Kind::write) contents_.undo(number, asked.lba, asked.sectors);
    if (asked.kind == Kind::identify) client.gone = true;
  } else if (asked.kind == Kind::identify) {
    if (ata->data().size() >= length && is_whole(ata->data())) {
      ++identified_;
    } else {
      complaint_ = "the disk is not as large as the image";
    }
  } else if (asked.kind == Kind::read) {
    read_answered(number, asked, ata->data(), now);
  } else if (phase_ == Phase::measuring) {
    ++counters_.writes;
    counters_.bytes += length;
    write_time_.add(now - asked.sent);
  }
  if (asked.kind == Kind::write && asked.tries > 1) {
    contents_.settle(number, asked.lba, asked.sectors);
  }
  if (phase_ == Phase::measuring || phase_ == Phase::checking) fill(number, now);
}

void DiskStorm::read_answered(std::uint32_t number, const Request& request, Bytes data,
                              Instant now) {
  const std::size_t length = request.sectors * wire::kSectorSize;
  if (data.size() < length || !contents_.matches(number, request.lba, data.first(length))) {
    ++counters_.wrong;
  }
  counters_.compared += length;
  if (phase_ != Phase::measuring) return;
  ++counters_.reads;
  counters_.bytes += length;
  read_time_.add(now - request.sent);
}

// Words 100 to 103 of IDENTIFY DEVICE: how many sectors. Words are little-endian.
bool DiskStorm::is_whole(Bytes identity) const {
  std::uint64_t sectors = 0;
  for (std::size_t i = 8; i-- > 0;) sectors = sectors << 8 | identity[200 + i];
  return sectors == contents_.sectors();
}

void DiskStorm::fill(std::uint32_t number, Instant now) {
  Client& client = clients_[number];
  if (client.gone) return;
  Request* const requests = requests_of(number);
  for (std::uint32_t i = 0; i < config_.depth && client.out < config_.depth; ++i) {
    if (requests[i].kind != Kind::none) continue;
    if (!choose(number, requests[i])) return;
    start(number, requests[i], now);
  }
}

void DiskStorm::start(std::uint32_t number, Request& request, Instant now) {
  Client& client = clients_[number];
  request.tag =
      client.count++ * config_.depth + static_cast<std::uint32_t>(&request - requests_of(number));
  request.tries = 1;
  request.sent = now;
  request.deadline = now + kWait;
  if (client.out++ == 0) ++busy_;
  transmit(number, request, false);
}

std::uint8_t* DiskStorm::begin_frame(std::uint32_t number, const MacAddress& to, AoeCommand command,
                                     std::uint32_t tag, bool everywhere) {
  room_ = outlet_.room();
  std::uint8_t* at = wire::write_ethernet(room_.data(), to, mac_of(config_.first_machine + number),
                                          0, wire::EtherType::aoe);
  return wire::write_aoe_header(at, {.response = false,
                                     .error = 0,
                                     .shelf = everywhere ? wire::kAoeEveryShelf : config_.shelf,
                                     .slot = everywhere ? wire::kAoeEverySlot : config_.slot,
                                     .command = command,
                                     .tag = tag});
}

void DiskStorm::transmit(std::uint32_t number, const Request& request, bool again) {
  std::uint8_t* at = begin_frame(number, target_, AoeCommand::ata, request.tag);
  const bool write = request.kind == Kind::write;
  AtaCommand command = AtaCommand::read_sectors_ext;
  if (write) command = AtaCommand::write_sectors_ext;
  if (request.kind == Kind::identify) command = AtaCommand::identify_device;
  const bool extended = request.kind != Kind::identify;
  at = wire::write_aoe_ata(
      at, {.flags = static_cast<std::uint8_t>((extended ? AoeAtaView::kExtended : 0) |
                                              (write ? AoeAtaView::kWrite : 0)),
           .feature = 0,
           .sectors = request.sectors,
           .command = static_cast<std::uint8_t>(command),
           .lba = request.lba});
  if (write) {
    const MutableBytes data{at, request.sectors * wire::kSectorSize};
    if (again) {
      contents_.repeat(number, request.lba, data);
    } else {
      contents_.write(number, request.lba, data);
    }
    at += data.size();
  }
  const auto length = static_cast<std::size_t>(at - room_.data());
  if (length < kFrameMin) std::fill(at, room_.data() + kFrameMin, std::uint8_t{0});
  outlet_.send(std::max(length, kFrameMin));
}

void DiskStorm::sweep(Instant now) {
  next_sweep_ = now + kSweepEvery;
  for (std::uint32_t number = 0; number < clients_.size(); ++number) {
    if (clients_[number].out == 0) continue;
    Request* const requests = requests_of(number);
    for (std::uint32_t i = 0; i < config_.depth; ++i) {
      Request& request = requests[i];
      if (request.kind == Kind::none || now < request.deadline) continue;
      if (request.tries == kTriesMax) {
        give_up(number);
        break;
      }
      ++request.tries;
      ++counters_.repeated;
      request.deadline = now + kWait;
      transmit(number, request, true);
    }
  }
}

void DiskStorm::give_up(std::uint32_t number) {
  Request* const requests = requests_of(number);
  for (std::uint32_t i = 0; i < config_.depth; ++i) requests[i].kind = Kind::none;
  clients_[number].out = 0;
  clients_[number].gone = true;
  --busy_;
  ++counters_.silent;
}

}  // namespace reveille::storm
