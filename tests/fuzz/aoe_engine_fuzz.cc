// Up to 64 steps of a few machines with one AoE engine: reads, writes, flushes, boots, any octets,
// changes of masks and reservations, lost reply buffers, files that cannot be written, and time.
// Whatever a machine reads is what it wrote, or what the disk holds: never another machine's bytes,
// never half a write. No request has two answers, and whoever waits for a file has one.
//
// A step in the input: an octet that chooses the machine (two bits), what it does (three) and which
// disk (three), then whatever that needs; then an octet for what passes: time (three bits), and
// jobs of the threads that work with files (the rest). What an input lacks counts as zero.
#include <algorithm>
#include <array>
#include <cstring>
#include <map>
#include <vector>

#include "fuzz/aoe_world.h"
#include "fuzz/failing_files.h"
#include "fuzz/shadow_disk.h"

namespace reveille {
namespace {

using test::AoeWorld;
using test::Octets;
using test::ShadowDisk;
using wire::AoeCommand;
using wire::AtaCommand;

constexpr int kStepsMax = 64;
constexpr std::size_t kReplySlots = 8;
constexpr std::size_t kPacketMax = 80;  // of any octets
constexpr Nanoseconds kTimes[8] = {0ns, 1us, 1ms, 20ms, 1s, 70s, 400s, 700s};
constexpr unsigned kAllJobs = 1000;
constexpr unsigned kJobs[4] = {kAllJobs, 0, 1, 4};
constexpr std::uint8_t kSlots[8] = {AoeWorld::kMemory,  AoeWorld::kFile,     AoeWorld::kKept,
                                    AoeWorld::kPrivate, AoeWorld::kReadOnly, AoeWorld::kFile,
                                    AoeWorld::kKept,    AoeWorld::kPrivate};

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

AoeWorld& world() {
  static AoeWorld instance;
  return instance;
}

class Conversation {
 public:
  Conversation() {
    test::fail_file(test::FileFault::none);
    world().reset();
    engine_ = std::make_unique<AoeEngine>(world().snapshot, Share{}, 1, booting_);
  }
  // With files that work again and room for replies, everybody is answered.
  ~Conversation() {
    test::fail_file(test::FileFault::none);
    slots_at_hand_ = kReplySlots;
    for (int turn = 0; turn < 1000 && !asked_.empty(); ++turn) pass(1ms, kAllJobs, kAllJobs);
    require(asked_.empty());
    engine_.reset();
    for (const Disk& disk : world().snapshot.disks->all) require(disk.image->unread());
  }

  void step(Input& input) {
    const std::uint8_t choice = input.octet();
    machine_ = choice % AoeWorld::kMachines;
    slot_ = kSlots[choice >> 5];
    switch ((choice >> 2) % 8) {
      case 0:
        ata(0xec, 0, 1, {});
        break;
      case 1: {
        const std::uint8_t lba = input.octet();
        ata(0x24, lba, input.octet() % 4, {});
        break;
      }
      case 2:
        write(input);
        break;
      case 3: {  // a whole packet of any octets
        std::array<std::uint8_t, kPacketMax> packet{};
        const Bytes some = input.octets(input.octet() % 64);
        std::ranges::copy(some, packet.begin());
        say(MutableBytes(packet).first(some.size()));
        break;
      }
      case 4: {  // a right header, then any octets
        const std::uint8_t command = input.octet();
        std::array<std::uint8_t, kPacketMax> packet{};
        write_header(packet.data(), static_cast<AoeCommand>(command % 5));
        const Bytes some = input.octets(input.octet() % 64);
        std::ranges::copy(some, packet.begin() + wire::kAoeHeader);
        say(MutableBytes(packet).first(wire::kAoeHeader + some.size()));
        break;
      }
      case 5:
        booting_.saw(AoeWorld::mac(machine_), now_);
        break;
      case 6:
        trouble(input.octet());
        break;
      case 7: {
        const std::uint8_t command = input.octet();
        const std::uint8_t lba = input.octet();
        ata(command < 16 ? 0xe7 : command, lba, input.octet(), {});
        break;
      }
    }
    const std::uint8_t passes = input.octet();
    pass(kTimes[passes % 8], kJobs[(passes >> 3) % 4], kJobs[(passes >> 5) % 4]);
  }

 private:
  // A request that was not answered yet.
  struct Asked {
    std::size_t machine = 0;
    std::uint8_t slot = 0;
    AtaCommand command{};
    ShadowDisk::Part part{};
    test::Serial serial = 0;  // of a write
    unsigned generation = 0;  // of its disk
    ShadowDisk::Expected expected;
  };

  [[nodiscard]] ShadowDisk& disk(std::size_t machine, std::uint8_t slot) {
    return shadows_[slot == AoeWorld::kPrivate ? 0 : machine][slot];
  }
  std::uint8_t* write_header(std::uint8_t* to, AoeCommand command) const {
    return wire::write_aoe_header(
        to,
        {.response = false, .error = 0, .shelf = 0, .slot = slot_, .command = command, .tag = 0});
  }

  // What the process runs short of: reply buffers, or a disk.
  void trouble(std::uint8_t octet) {
    slots_at_hand_ = (octet & 15) % (kReplySlots + 1);
    test::fail_file(static_cast<test::FileFault>((octet >> 4) % 4), octet >> 6);
  }

  void write(Input& input) {
    const std::uint8_t lba = input.octet();
    const std::uint8_t what = input.octet();
    Octets data(what % 4 * std::size_t{512});
    ++serial_;
    for (std::size_t i = 0; i < data.size() / 512; ++i) {
      test::fill_sector(MutableBytes(data).subspan(i * 512, 512), serial_, lba + i);
    }
    if ((what & 0x80) != 0 && !data.empty()) data.pop_back();
    world().writes();
    ata(0x34, lba, what % 4, data);
  }

  void ata(std::uint8_t command, std::uint64_t lba, std::uint8_t sectors, const Octets& data) {
    Octets packet(wire::kAoeHeader + wire::kAoeAtaArguments + data.size());
    std::uint8_t* at = write_header(packet.data(), AoeCommand::ata);
    at = wire::write_aoe_ata(at,
                             {.flags = 0x40, .sectors = sectors, .command = command, .lba = lba});
    std::ranges::copy(data, at);
    say(packet);
  }

  // With a tag of its own, if it has any.
  void say(MutableBytes packet) {
    const auto tag = static_cast<std::uint32_t>(askers_.size());
    if (packet.size() >= wire::kAoeHeader) store_be32(&packet[6], tag);
    askers_.push_back(machine_);
    asked_.emplace(tag, asked(packet));
    // A copy of exact size: every read past its end shows.
    const Octets body(packet.begin(), packet.end());
    Request request;
    request.service = Service::aoe;
    request.link_source = AoeWorld::mac(machine_);
    request.body = body;
    const Outcome outcome = call([&](const Context& context) {
      engine_->prefetch(request);
      engine_->prefetch_session(request);
      if (engine_->has_grains()) {
        engine_->prefetch_grain(request);
        engine_->prefetch_grain_bytes(request);
      }
      return engine_->handle(request, context);
    });
    const auto found = asked_.find(tag);
    const bool waits = outcome == Outcome::aoe_parked;
    require(!waits || found != asked_.end());
    if (found == asked_.end()) return;
    Asked& request_made = found->second;
    if (!waits) {
      asked_.erase(found);
    } else if (is_write(request_made)) {
      disk(machine_, request_made.slot)
          .begin_write(request_made.part, request_made.serial, machine_);
    }
  }

  static bool is_write(const Asked& asked) {
    return asked.command == AtaCommand::write_sectors ||
           asked.command == AtaCommand::write_sectors_ext;
  }
  static bool is_read(const Asked& asked) {
    return asked.command == AtaCommand::read_sectors ||
           asked.command == AtaCommand::read_sectors_ext;
  }

  // What is to become of the packet, if it is of ATA.
  [[nodiscard]] Asked asked(Bytes octets) {
    Asked asked{.machine = machine_};
    const auto packet = wire::AoeView::parse(octets);
    if (!packet || packet->command() != AoeCommand::ata || packet->shelf() != 0) return asked;
    if (packet->slot() == 0 || packet->slot() > AoeWorld::kSlots) return asked;
    const auto registers = wire::AoeAtaView::parse(packet->arguments());
    if (!registers) return asked;
    asked.slot = packet->slot();
    asked.command = static_cast<AtaCommand>(registers->command());
    const bool is_short =
        asked.command == AtaCommand::read_sectors || asked.command == AtaCommand::write_sectors;
    asked.part = {.lba = is_short ? registers->lba() & (wire::kLba28Sectors - 1) : registers->lba(),
                  .sectors = registers->sectors()};
    asked.serial = serial_;
    const ShadowDisk& shadow = disk(machine_, asked.slot);
    asked.generation = shadow.generation();
    asked.expected = shadow.expected(asked.part, machine_);
    return asked;
  }

  void pass(Nanoseconds time, unsigned reads, unsigned writes) {
    now_ += time;
    DiskIo& io = *world().snapshot.disks->io;
    while (reads > 0 && io.take_turn(0, DiskIo::Thread::reader)) --reads;
    while (writes > 0 && io.take_turn(0, DiskIo::Thread::writer)) --writes;
    call([&](const Context& context) {
      engine_->tick(context);
      engine_->collect(context);
      return Outcome::aoe_read;
    });
  }

  template <class Call>
  Outcome call(Call&& engine_call) {
    for (std::size_t i = 0; i < kReplySlots; ++i) {
      slots_[i] = {.head = heads_[i].data(), .capacity = 1522};
    }
    Replies replies(std::span<Reply>(slots_).first(slots_at_hand_));
    std::array<Event, kReplySlots + 4> event_room;
    Events events(event_room);
    Outbox outbox({});
    const Context context{now_, world().snapshot, replies, events, outbox, links_};
    const Outcome outcome = engine_call(context);
    require(engine_->clients() <= AoeWorld::kClientsMax);
    for (const Event& event : events.all()) note(event);
    for (const Reply& reply : replies.all()) hear(reply);
    return outcome;
  }

  void note(const Event& event) {
    if (event.kind != EventKind::disk_dropped && event.kind != EventKind::disk_opened) return;
    const std::size_t machine = event.client.octets[5];
    const auto slot = static_cast<std::uint8_t>(event.text()[3] - '0');  // "e0.1 disk"
    require(machine < AoeWorld::kMachines && slot >= 1 && slot <= AoeWorld::kSlots);
    if (event.kind == EventKind::disk_dropped) {
      require(slot != AoeWorld::kKept && slot != AoeWorld::kPrivate);
      disk(machine, slot).drop();
    } else if (slot == AoeWorld::kFile) {
      // It was silent for so long that its session ended; it may have booted since.
      disk(machine, slot).doubt();
    }
  }

  void hear(const Reply& reply) {
    require(reply.length >= 14 + wire::kAoeHeader);
    require(reply.length + reply.payload.length <= 1514);
    Octets packet(reply.head + 14, reply.head + reply.length);
    packet.insert(packet.end(), reply.payload.bytes, reply.payload.bytes + reply.payload.length);
    const auto answer = *wire::AoeView::parse(packet);
    require(answer.is_response() && answer.tag() < askers_.size());
    require(MacAddress::from(reply.head) == AoeWorld::mac(askers_[answer.tag()]));
    if (answer.command() != AoeCommand::ata) return;  // who asks for all disks has many answers
    const auto found = asked_.find(answer.tag());
    require(found != asked_.end());
    const Asked asked = std::move(found->second);
    asked_.erase(found);
    if (asked.slot == 0) return;
    require(answer.slot() == asked.slot);
    const auto registers = *wire::AoeAtaView::parse(answer.arguments());
    const bool done = !answer.is_error() && (registers.command() & wire::kAtaError) == 0;
    if (is_write(asked)) wrote(asked, done);
    if (is_read(asked) && done) read(asked, registers.data());
  }

  void wrote(const Asked& asked, bool done) {
    ShadowDisk& shadow = disk(asked.machine, asked.slot);
    require(!done || asked.slot != AoeWorld::kReadOnly);
    require(!done || asked.part.lba + asked.part.sectors <= AoeWorld::kSectors);
    const bool parked = shadow.is_under_way(asked.part, asked.serial);
    if (asked.generation != shadow.generation() || (!parked && !done)) return;
    shadow.end_write(asked.part, asked.serial, done);
  }

  static void read(const Asked& asked, Bytes data) {
    require(asked.part.lba + asked.part.sectors <= AoeWorld::kSectors);
    require(data.size() == asked.part.sectors * 512);
    for (std::size_t i = 0; i < asked.part.sectors; ++i) {
      const std::uint64_t lba = asked.part.lba + i;
      const Bytes sector = data.subspan(i * 512, 512);
      const Bytes base = Bytes(world().bytes).subspan(lba * 512, 512);
      require(std::ranges::any_of(asked.expected[i], [&](test::Serial serial) {
        return serial == 0 ? std::memcmp(sector.data(), base.data(), 512) == 0
                           : test::is_sector_of(sector, serial, lba);
      }));
    }
  }

  BootingClients booting_{16, 3};
  std::unique_ptr<AoeEngine> engine_;
  std::array<std::array<ShadowDisk, AoeWorld::kSlots + 1>, AoeWorld::kMachines> shadows_;
  std::map<std::uint32_t, Asked> asked_;  // by tag
  std::vector<std::size_t> askers_;       // by tag
  test::Serial serial_ = 0;
  std::size_t machine_ = 0;
  std::uint8_t slot_ = AoeWorld::kMemory;
  std::array<std::array<std::uint8_t, 1522>, kReplySlots> heads_{};
  std::array<Reply, kReplySlots> slots_;
  std::size_t slots_at_hand_ = kReplySlots;
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
  }
  return 0;
}
