// Up to 64 steps of a few machines with one AoE engine: reads, writes, boots, any octets, changes
// of masks and reservations, lost reply buffers, and time. Whatever a machine reads is what it
// wrote, or what the disk holds: never another machine's bytes, never half a write.
//
// A step in the input: an octet that chooses the machine (two bits) and what it does, then
// whatever that needs. What an input lacks counts as zero.
#include <algorithm>
#include <array>
#include <vector>

#include "aoe/target.h"
#include "fuzz/require.h"

namespace reveille {
namespace {

using test::Octets;

constexpr int kStepsMax = 64;
constexpr std::size_t kMachines = 4;
constexpr std::uint64_t kSectors = 100;
constexpr std::size_t kSlots = 8;
constexpr Nanoseconds kTimes[8] = {0ns, 1us, 1ms, 20ms, 1s, 70s, 400s, 700s};

// Reads the input; past its end there are zeros.
class Input {
 public:
  explicit Input(Bytes rest) : rest_(rest) {}
  [[nodiscard]] bool empty() const { return rest_.empty(); }
  std::uint8_t octet() {
    if (rest_.empty()) return 0;
    const std::uint8_t value = rest_.front();
    rest_ = rest_.subspan(1);
    return value;
  }
  Bytes octets(std::size_t count) {
    const Bytes taken = rest_.first(std::min(count, rest_.size()));
    rest_ = rest_.subspan(taken.size());
    return taken;
  }

 private:
  Bytes rest_;
};

struct World {
  test::DiskFolder folder;
  Octets bytes = test::pattern(kSectors * 512);
  Snapshot snapshot;
  std::unique_ptr<DiskLibrary> library;

  World() {
    DiskConfig shared = test::shared_disk(folder.write("disk", bytes));
    shared.remote_control = true;
    shared.overlay_max_bytes = 5 * 4096;
    DiskConfig fixed = shared;
    fixed.address = DiskAddress{0, 2};
    fixed.mode = DiskMode::read_only;
    Config config = test::config_of({shared, fixed});
    config.disk_limits.clients_max = 6;
    config.disk_limits.overlay_memory_max_bytes = 12 * 4096;
    library = std::make_unique<DiskLibrary>(config, 1);
    require(library->load().has_value());
    Station plain;
    plain.mac = {{2, 0, 0, 0, 0, 1}};
    snapshot.stations = {plain};
    snapshot.config = std::make_shared<const Config>(std::move(config));
  }
  // Each input begins with nobody masked out and nothing reserved.
  void reset() {
    auto disks = std::make_shared<Disks>(*library->disks());
    disks->io = nullptr;
    for (Disk& disk : disks->all) disk.state = std::make_shared<DiskState>();
    snapshot.disks = std::move(disks);
  }
};

World& world() {
  static World instance;
  return instance;
}

class Conversation {
 public:
  Conversation() {
    world().reset();
    engine_ = std::make_unique<AoeEngine>(world().snapshot, Share{}, 1, booting_);
    contents_.fill(world().bytes);
  }
  ~Conversation() {
    engine_.reset();
    for (const Disk& disk : world().snapshot.disks->all) require(disk.image->unread());
  }

  void step(Input& input) {
    const std::uint8_t choice = input.octet();
    machine_ = choice % kMachines;
    const std::uint8_t slot = (choice & 0x80) != 0 ? 2 : 1;
    switch ((choice >> 2) % 8) {
      case 0:
        ata(slot, 0xec, 0, 1, {});
        return;
      case 1: {
        const std::uint8_t lba = input.octet();
        ata(slot, 0x24, lba, input.octet() % 4, {});
        return;
      }
      case 2:
        return write(slot, input);
      case 3: {  // a whole packet of any octets
        std::array<std::uint8_t, 64> packet{};
        const Bytes some = input.octets(input.octet() % packet.size());
        std::ranges::copy(some, packet.begin());
        say(Bytes(packet).first(some.size()));
        return;
      }
      case 4: {  // a right header, then any octets
        const std::uint8_t command = input.octet();
        std::array<std::uint8_t, 80> packet{};
        write_header(packet.data(), slot, static_cast<wire::AoeCommand>(command % 5));
        const Bytes some = input.octets(input.octet() % 64);
        std::ranges::copy(some, packet.begin() + wire::kAoeHeader);
        say(Bytes(packet).first(wire::kAoeHeader + some.size()));
        return;
      }
      case 5:
        return booting_.saw(mac(), now_);
      case 6:
        slots_at_hand_ = input.octet() % (kSlots + 1);
        return;
      case 7: {
        const std::uint8_t command = input.octet();
        const std::uint8_t lba = input.octet();
        ata(slot, command, lba, input.octet(), {});
        return;
      }
    }
  }
  void pass(Nanoseconds time) {
    now_ += time;
    call([&](const Context& context) {
      engine_->tick(context);
      engine_->collect(context);
      return Outcome::aoe_read;
    });
  }

 private:
  [[nodiscard]] MacAddress mac() const {
    return {{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(machine_)}};
  }
  static std::uint8_t* write_header(std::uint8_t* to, std::uint8_t slot, wire::AoeCommand command) {
    return wire::write_aoe_header(to, {.response = false,
                                       .error = 0,
                                       .shelf = 0,
                                       .slot = slot,
                                       .command = command,
                                       .tag = 0x12345678});
  }

  void write(std::uint8_t slot, Input& input) {
    const std::uint8_t lba = input.octet();
    const std::uint8_t what = input.octet();
    const std::uint8_t sectors = what % 4;
    Octets data(std::size_t{sectors} * 512, static_cast<std::uint8_t>(what ^ lba));
    if ((what & 0x80) != 0 && !data.empty()) data.pop_back();
    const Outcome outcome = ata(slot, 0x34, lba, sectors, data);
    if (outcome != Outcome::aoe_written) return;
    require(slot == 1 && lba + sectors <= kSectors);
    std::ranges::copy(data, contents_[machine_].begin() + lba * 512);
  }

  Outcome ata(std::uint8_t slot, std::uint8_t command, std::uint64_t lba, std::uint8_t sectors,
              const Octets& data) {
    Octets packet(22 + data.size());
    std::uint8_t* at = write_header(packet.data(), slot, wire::AoeCommand::ata);
    wire::write_aoe_ata(at, {.flags = 0x40, .sectors = sectors, .command = command, .lba = lba});
    std::ranges::copy(data, packet.begin() + 22);
    return say(packet);
  }

  Outcome say(Bytes packet) {
    // A copy of exact size: every read past its end shows.
    const Octets body(packet.begin(), packet.end());
    Request request;
    request.service = Service::aoe;
    request.link_source = mac();
    request.body = body;
    return call([&](const Context& context) {
      engine_->prefetch(request);
      return engine_->handle(request, context);
    });
  }

  template <class Call>
  Outcome call(Call&& engine_call) {
    for (std::size_t i = 0; i < kSlots; ++i) {
      slots_[i] = {.head = heads_[i].data(), .capacity = 1522};
    }
    Replies replies(std::span<Reply>(slots_).first(slots_at_hand_));
    std::array<Event, 3> event_room;
    Events events(event_room);
    Outbox outbox({});
    const Context context{now_, world().snapshot, replies, events, outbox, links_};
    const Outcome outcome = engine_call(context);
    require(engine_->clients() <= 6);
    for (const Event& event : events.all()) {
      if (event.kind == EventKind::disk_dropped) contents_[event.client.octets[5]] = world().bytes;
    }
    for (const Reply& reply : replies.all()) hear(reply);
    return outcome;
  }

  void hear(const Reply& reply) const {
    require(reply.length >= 14 + wire::kAoeHeader);
    require(reply.length + reply.payload.length <= 1514);
    require(MacAddress::from(reply.head) == mac());
    const Bytes packet{reply.head + 14, reply.length - 14U};
    require((packet[0] & 0xf8) == 0x18);
    if (packet[5] != 0 || (packet[0] & 0x04) != 0) return;
    Octets data(packet.begin() + 22, packet.end());
    data.insert(data.end(), reply.payload.bytes, reply.payload.bytes + reply.payload.length);
    if (data.empty() || packet[4] > 2) return;
    const auto ata = *wire::AoeAtaView::parse(packet.subspan(wire::kAoeHeader));
    require(ata.command() == wire::kAtaReady);
    if (data.size() == 512 && data[0] == 0x40 && data[1] == 0 && data[99] == 0x02)
      return;  // IDENTIFY
    const Octets& expected = packet[4] == 1 ? contents_[machine_] : world().bytes;
    const std::uint64_t lba = ata.lba();
    require(lba * 512 + data.size() <= expected.size());
    require(std::ranges::equal(data, std::span(expected).subspan(lba * 512, data.size())));
  }

  BootingClients booting_{16, 3};
  std::unique_ptr<AoeEngine> engine_;
  std::array<Octets, kMachines> contents_;
  std::size_t machine_ = 0;
  std::array<std::array<std::uint8_t, 1522>, kSlots> heads_{};
  std::array<Reply, kSlots> slots_;
  std::size_t slots_at_hand_ = kSlots;
  LinkState links_;
  Instant now_ = Instant{} + 1000s;
};

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reveille::Conversation conversation;
  reveille::Input input({data, size});
  for (int step = 0; step < reveille::kStepsMax && !input.empty(); ++step) {
    conversation.step(input);
    conversation.pass(reveille::kTimes[input.octet() % 8]);
  }
  return 0;
}
