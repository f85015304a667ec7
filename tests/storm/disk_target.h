// Disk clients and a simple target on one wire, on a virtual clock.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <random>
#include <vector>

#include <reveille/wire/ethernet.h>

#include "storm/disk_pattern.h"
#include "storm/disk_storm.h"
#include "storm/link.h"

namespace reveille::storm::test {

// Answers as AoEr11 wants it. Each client has writes of its own, unless `shared`.
class DiskTarget {
 public:
  static constexpr MacAddress kMac{{2, 0, 0, 0, 0, 1}};
  static constexpr std::uint64_t kEverybody = 0;

  explicit DiskTarget(const Octets& image) : image_(image), sectors(image.size() / 512) {}

  std::optional<Octets> answer(const Octets& frame) {
    const auto ethernet = *wire::EthernetView::parse(frame);
    const auto packet = *wire::AoeView::parse(ethernet.payload());
    Octets reply(frame.size() + 600 + 16 * 512);
    std::uint8_t* at =
        wire::write_ethernet(reply.data(), ethernet.source(), kMac, 0, wire::EtherType::aoe);
    at = wire::write_aoe_header(at, {.response = true,
                                     .error = 0,
                                     .shelf = packet.shelf(),
                                     .slot = packet.slot(),
                                     .command = packet.command(),
                                     .tag = packet.tag()});
    if (packet.command() == wire::AoeCommand::query_config) {
      at = wire::write_aoe_config(at, 16, 1, sectors_max, wire::AoeConfigView::Operation::read, 0);
    } else {
      at = obey(ethernet.source(), *wire::AoeAtaView::parse(packet.arguments()), at);
    }
    reply.resize(static_cast<std::size_t>(at - reply.data()));
    return reply;
  }

 private:
  std::uint8_t* obey(const MacAddress& client, const wire::AoeAtaView& asked, std::uint8_t* at) {
    const auto command = static_cast<wire::AtaCommand>(asked.command());
    const bool write = command == wire::AtaCommand::write_sectors_ext;
    const std::uint8_t error = write && read_only ? wire::kAtaError : 0;
    at = wire::write_aoe_ata(at, {.flags = asked.flags(),
                                  .feature = 0,
                                  .sectors = 0,
                                  .command = static_cast<std::uint8_t>(wire::kAtaReady | error),
                                  .lba = asked.lba()});
    if (error != 0) return at;
    if (command == wire::AtaCommand::identify_device) {
      wire::write_ata_identity(
          at,
          {.sectors = sectors, .serial = {}, .firmware = {}, .model = {}, .write_cache = false});
      return at + 512;
    }
    auto& own = written[shared ? kEverybody : client.number()];
    for (std::size_t i = 0; i < asked.sectors(); ++i) {
      const std::uint64_t lba = asked.lba() + i;
      if (write) {
        const auto data = asked.data().subspan(i * 512, 512);
        if (!loses_writes) own[lba] = Octets(data.begin(), data.end());
        continue;
      }
      const auto found = own.find(lba);
      const std::uint8_t* const from =
          found != own.end() ? found->second.data() : &image_[lba * 512];
      std::copy_n(from, 512, at);
      if (lba == bad_sector) at[511] ^= 1;
      at += 512;
    }
    return at;
  }

  Octets image_;

 public:
  std::uint64_t sectors;
  std::uint8_t sectors_max = 2;
  bool shared = false;
  bool read_only = false;
  bool loses_writes = false;
  std::uint64_t bad_sector = ~std::uint64_t{0};
  std::map<std::uint64_t, std::map<std::uint64_t, Octets>> written;  // by client, by sector
};

class DiskLink {
 public:
  explicit DiskLink(const DiskStormConfig& config, std::size_t sectors = 4096,
                    ImpairmentConfig impairment = {})
      : image(sectors * 512), impairment_(impairment, 7) {
    std::mt19937 random(3);
    for (std::uint8_t& octet : image) octet = static_cast<std::uint8_t>(random());
    for (std::size_t lba = 0; config.pattern && lba < sectors; ++lba) {
      pattern.resize(image.size());
      fill_sector(pattern_number(lba), &pattern[lba * 512]);
    }
    target.emplace(config.pattern ? pattern : image);
    storm.emplace(config, Bytes{image}, to_target_);
  }

  void run(Nanoseconds limit = 60s) {
    for (; now - Instant{} <= limit && !storm->finished(); now += 1ms) {
      storm->tick(now);
      for (int turn = 0; turn < 10; ++turn) {
        deliver(towards_target_, [this](const Octets& frame) {
          if (silent) return;
          if (const auto reply = target->answer(frame)) put(towards_storm_, *reply);
        });
        deliver(towards_storm_, [this](const Octets& frame) { storm->receive(frame, now); });
      }
    }
  }
  [[nodiscard]] const DiskCounters& counters() const { return storm->counters(); }

  Octets image;    // what the storm knows of the disk
  Octets pattern;  // what the target has instead, where the storm is to compute it
  std::optional<DiskTarget> target;
  std::optional<DiskStorm> storm;
  bool silent = false;
  Instant now{};
  std::vector<Octets> sent;

 private:
  void put(HoldQueue<Octets>& queue, const Octets& frame) {
    const auto fate = impairment_.next();
    for (std::uint8_t copy = 0; copy < fate.copies; ++copy) {
      queue.hold(frame, now + fate.wait[copy]);
    }
  }
  template <class Deliver>
  void deliver(HoldQueue<Octets>& queue, Deliver&& take) {
    for (std::size_t left = queue.size(); left > 0 && queue.due(now); --left) take(queue.take());
  }

  Impairment impairment_;
  HoldQueue<Octets> towards_target_;
  HoldQueue<Octets> towards_storm_;
  Collector to_target_{[this](const Octets& frame) {
    sent.push_back(frame);
    put(towards_target_, frame);
  }};
};

}  // namespace reveille::storm::test
