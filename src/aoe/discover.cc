#include "aoe/state.h"

namespace reveille {

using Operation = wire::AoeConfigView::Operation;

namespace {

constexpr std::uint16_t kFirmware = 0x0001;

// iPXE, and gPXE before it, begin every tag so. Linux asks for one disk as well, when somebody has
// it look anew (aoe-revalidate), and leaves the tag of such a query zero.
bool is_of_firmware(std::uint32_t tag) {
  constexpr std::uint32_t kIpxe = 0x18ae;
  constexpr std::uint32_t kGpxe = 0xebeb;
  return tag >> 16 == kIpxe || tag >> 16 == kGpxe;
}

bool is_meant(DiskAddress address, DiskAddress asked) {
  return (asked.shelf == address.shelf || asked.shelf == wire::kAoeEveryShelf) &&
         (asked.slot == address.slot || asked.slot == wire::kAoeEverySlot);
}

}  // namespace

// Section 4. A disk's config string is always empty: what anybody may overwrite says nothing.
Outcome AoeEngine::State::query_config(const wire::AoeView& packet, const AoeAsked& asked,
                                       const Disks& disks, const Context& context) {
  const auto config = wire::AoeConfigView::parse(packet.arguments());
  if (!config) return config.refusal();
  const bool everywhere =
      asked.address.shelf == wire::kAoeEveryShelf || asked.address.slot == wire::kAoeEverySlot;
  if (everywhere && !discoveries.allow(context.now)) return Outcome::aoe_discovery_over_rate;
  const Operation operation = config->operation();
  const bool tests = operation == Operation::test || operation == Operation::test_prefix;

  Outcome outcome = Outcome::aoe_other_target;
  std::size_t answers = 0;
  for (const Disk& disk : disks.all) {
    if (!is_meant(disk.address, asked.address)) continue;
    if (!disk.allows(asked.client)) {
      if (outcome == Outcome::aoe_other_target) outcome = Outcome::aoe_not_allowed;
      continue;
    }
    if (tests && !config->string().empty()) {
      outcome = Outcome::aoe_config_differs;
      continue;
    }
    if (operation != Operation::read && !tests) {
      AoeAsked to = asked;
      to.address = disk.address;
      return refuse(to, wire::AoeCommand::query_config, wire::AoeError::bad_argument,
                    Outcome::aoe_change_refused, context);
    }
    if (answers == kRepliesPerRequest || context.replies.free() == 0) {
      if (answers == 0) return Outcome::reply_buffers_exhausted;
      const auto index = static_cast<std::size_t>(&disk - disks.all.data());
      if (discovering.size() < kDiscoveringMax) discovering.push_back({asked, operation, index});
      break;
    }
    tell_config(disk, asked, operation, context);
    outcome = Outcome::aoe_discovered;
    ++answers;
  }
  // Where no DHCP of ours shows who boots, iPXE does: it asks for its one disk before it opens it,
  // and there need not be a session yet.
  if (outcome == Outcome::aoe_discovered && !everywhere && is_of_firmware(asked.tag)) {
    asked_for.renew(disk_key(asked.client, asked.address), context.now);
  }
  return outcome;
}

void AoeEngine::State::tell_config(const Disk& disk, const AoeAsked& asked, Operation operation,
                                   const Context& context) {
  Reply& reply = *context.replies.take();
  AoeAsked to = asked;
  to.address = disk.address;
  std::uint8_t* const at = begin_reply(reply, to, wire::AoeCommand::query_config, context);
  const Station& station = context.snapshot.stations[asked.station];
  finish_reply(
      reply, wire::write_aoe_config(at, kBuffers, kFirmware,
                                    static_cast<std::uint8_t>(sectors_max(station)), operation, 0));
}

// More disks than one request may have replies: the others follow, a part each tick. A new version
// of the disks in between changes none of their places but of those that were not served.
void AoeEngine::State::go_on_discovering(const Context& context) {
  if (discovering.empty() || context.snapshot.disks == nullptr) return discovering.clear();
  const std::vector<Disk>& all = context.snapshot.disks->all;
  Discovery& first = discovering.front();
  std::size_t answers = 0;
  for (; first.next < all.size(); ++first.next) {
    const Disk& disk = all[first.next];
    if (!is_meant(disk.address, first.asked.address) || !disk.allows(first.asked.client)) continue;
    if (answers == kRepliesPerRequest || context.replies.free() == 0) return;
    tell_config(disk, first.asked, first.operation, context);
    ++answers;
  }
  discovering.erase(discovering.begin());
}

}  // namespace reveille
