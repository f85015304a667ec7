#include "aoe/target.h"

#include <algorithm>

namespace reveille::test {
namespace {

constexpr std::uint8_t kUnwritten = 0xa5;

}  // namespace

DiskFolder::DiskFolder() {
  std::string made = (std::filesystem::temp_directory_path() / "reveille-aoe-XXXXXX").string();
  folder_ = mkdtemp(made.data());
}

DiskFolder::~DiskFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::string DiskFolder::path(const std::string& name) const {
  return name.empty() ? folder_.string() : (folder_ / name).string();
}

std::string DiskFolder::write(const std::string& name, const Octets& bytes) const {
  std::string file = path(name);
  {
    std::ofstream out(file + ".new", std::ios::binary);
    out.write(reinterpret_cast<const char*>(bytes.data()),
              static_cast<std::streamsize>(bytes.size()));
  }
  std::filesystem::rename(file + ".new", file);
  return file;
}

Octets DiskFolder::read(const std::string& name) const {
  std::ifstream in(path(name), std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Target::Target(Config config) {
  Station plain;
  plain.mac = kMac;
  plain.address = {Ipv4Address::of(10, 77, 0, 1), 16};
  Station tagged = plain;
  tagged.vlan = 20;
  snapshot.stations = {plain, tagged};
  library = std::make_unique<DiskLibrary>(config, 1);
  const auto loaded = library->load();
  EXPECT_TRUE(loaded) << loaded.error();
  snapshot.config = std::make_shared<const Config>(std::move(config));
  snapshot.disks = library->disks();
  published_.push_back(library->disks());
  engine = std::make_unique<AoeEngine>(snapshot, Share{}, 7, booting);
  heads_.resize(replies_at_hand_, Octets(1522, kUnwritten));
  slots_.resize(replies_at_hand_);
}

Target::~Target() {
  engine.reset();
  snapshot.disks.reset();
}

template <class Call>
auto Target::call(Call&& engine_call) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    std::ranges::fill(heads_[i], kUnwritten);
    slots_[i] = {.head = heads_[i].data(), .capacity = 1522};
  }
  Replies replies(std::span<Reply>(slots_).first(replies_at_hand_));
  Events events_of_call(event_room_);
  Outbox outbox({});
  const Context context{now_, snapshot, replies, events_of_call, outbox, links_};
  const auto result = engine_call(context);
  for (const Reply& reply : replies.all()) {
    Octets frame(reply.head, reply.head + reply.length);
    frame.insert(frame.end(), reply.payload.bytes, reply.payload.bytes + reply.payload.length);
    const Station& station = snapshot.stations.at(reply.station);
    Answer answer;
    answer.to = MacAddress::from(frame.data());
    EXPECT_EQ(MacAddress::from(&frame[6]), station.mac);
    std::size_t at = 12;
    if (load_be16(&frame[at]) == 0x8100) {
      answer.vlan = load_be16(&frame[at + 2]);
      at += 4;
    }
    EXPECT_EQ(answer.vlan, station.vlan);
    EXPECT_EQ(load_be16(&frame[at]), 0x88a2);
    answer.packet.assign(frame.begin() + static_cast<std::ptrdiff_t>(at) + 2, frame.end());
    EXPECT_LE(answer.packet.size(), station.mtu);
    EXPECT_EQ(answer.packet[0] & 0xf8, 0x18) << "version 1, response";
    answer.in_place = reply.payload.length != 0;
    sent.push_back(std::move(answer));
  }
  const auto all = events_of_call.all();
  events.insert(events.end(), all.begin(), all.end());
  return result;
}

Outcome Target::receive(const MacAddress& client, Bytes packet, std::uint16_t station) {
  // A copy of exact size: the sanitizer sees every read past its end.
  const Octets body(packet.begin(), packet.end());
  Request request;
  request.service = Service::aoe;
  request.station = station;
  request.link_source = client;
  request.link_destination = kMac;
  request.body = body;
  // It is the same with and without.
  if (outcomes.total() % 2 == 0) {
    engine->prefetch(request);
    engine->prefetch_session(request);
    if (engine->has_grains()) {
      engine->prefetch_grain(request);
      engine->prefetch_grain_bytes(request);
    }
  }
  const std::size_t before = sent.size();
  const Outcome outcome =
      call([&](const Context& context) { return engine->handle(request, context); });
  EXPECT_EQ(info(outcome).verdict == Verdict::answered, sent.size() > before) << info(outcome).name;
  outcomes.add(outcome);
  return outcome;
}

void Target::pass(Nanoseconds time) {
  const Instant end = now_ + time;
  const Nanoseconds step = std::max<Nanoseconds>(1ms, time / 100);
  while (now_ < end) {
    now_ = std::min(end, now_ + step);
    call([&](const Context& context) {
      engine->tick(context);
      return engine->collect(context);
    });
  }
}

void Target::settle() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (int quiet = 0; quiet < 3;) {
    ASSERT_LT(std::chrono::steady_clock::now(), end) << "DiskIo does not come to an end";
    now_ += 1ms;
    const std::size_t left = call([&](const Context& context) {
      engine->tick(context);
      return engine->collect(context);
    });
    quiet = left == 0 ? quiet + 1 : 0;
    if (left != 0) std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
}

bool Target::publish_new_versions() {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  for (Nanoseconds waited{}; waited < 10s && std::chrono::steady_clock::now() < end;
       waited += 500ms) {
    now_ += 500ms;
    const auto news = library->poll(now_);
    if (news && !news->replaced.empty()) {
      snapshot.disks = library->disks();
      published_.push_back(library->disks());
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return false;
}

std::vector<Event> Target::told(EventKind kind) const {
  std::vector<Event> all;
  std::ranges::copy_if(events, std::back_inserter(all),
                       [&](const Event& event) { return event.kind == kind; });
  return all;
}

Outcome Machine::asks(wire::AoeCommand command, const Octets& arguments, std::uint8_t version) {
  Octets packet(wire::kAoeHeader + arguments.size());
  tag_ = next_tag_ ? *std::exchange(next_tag_, std::nullopt) : (tag_ + 1) | 0x80000000;
  wire::write_aoe_header(packet.data(), {.response = false,
                                         .error = 0,
                                         .shelf = disk_.shelf,
                                         .slot = disk_.slot,
                                         .command = command,
                                         .tag = tag_});
  packet[0] = static_cast<std::uint8_t>(version << 4);
  std::ranges::copy(arguments, packet.begin() + wire::kAoeHeader);
  return target_.receive(mac, packet, station);
}

Outcome Machine::ata(std::uint8_t command, std::uint64_t lba, std::uint8_t sectors,
                     const Octets& data, std::uint8_t flags, std::uint8_t feature) {
  Octets arguments(wire::kAoeAtaArguments + data.size());
  wire::write_aoe_ata(
      arguments.data(),
      {.flags = flags, .feature = feature, .sectors = sectors, .command = command, .lba = lba});
  std::ranges::copy(data, arguments.begin() + wire::kAoeAtaArguments);
  return asks(wire::AoeCommand::ata, arguments);
}

Outcome Machine::queries(bool everywhere, wire::AoeConfigView::Operation operation,
                         const std::string& string) {
  Octets arguments(wire::kAoeConfigArguments + string.size());
  wire::write_aoe_config(arguments.data(), 0, 0, 0, operation, string.size());
  std::ranges::copy(string, arguments.begin() + wire::kAoeConfigArguments);
  if (!everywhere) return asks(wire::AoeCommand::query_config, arguments);
  const DiskAddress own = disk_;
  disk_ = {wire::kAoeEveryShelf, wire::kAoeEverySlot};
  const Outcome outcome = asks(wire::AoeCommand::query_config, arguments);
  disk_ = own;
  return outcome;
}

Answer Machine::hears() {
  const auto found = std::ranges::find(target_.sent, mac, &Answer::to);
  if (found == target_.sent.end()) {
    ADD_FAILURE() << "the target is silent";
    Answer nothing;
    nothing.packet.resize(22 + 512);
    return nothing;
  }
  Answer answer = *found;
  target_.sent.erase(found);
  EXPECT_EQ(answer.aoe().tag(), tag_);
  return answer;
}

void Machine::hears_nothing() {
  EXPECT_EQ(std::ranges::count(target_.sent, mac, &Answer::to), 0);
}

Octets Machine::holds(std::uint64_t lba, std::uint8_t sectors) {
  const Outcome outcome = reads(lba, sectors);
  EXPECT_TRUE(outcome == Outcome::aoe_read || outcome == Outcome::aoe_parked) << info(outcome).name;
  target_.settle();
  const Answer answer = hears();
  EXPECT_EQ(answer.status(), wire::kAtaReady);
  EXPECT_EQ(answer.ata().sectors(), 0);
  EXPECT_EQ(answer.ata().lba(), lba);
  return answer.data();
}

void Machine::stores(std::uint64_t lba, const Octets& data) {
  Outcome outcome = writes(lba, data);
  if (outcome == Outcome::aoe_opening) {  // initiators ask again
    target_.settle();
    hears_nothing();
    outcome = writes(lba, data);
  }
  EXPECT_TRUE(outcome == Outcome::aoe_written || outcome == Outcome::aoe_parked)
      << info(outcome).name;
  target_.settle();
  const Answer answer = hears();
  EXPECT_EQ(answer.status(), wire::kAtaReady);
  EXPECT_EQ(answer.packet.size(), 22U);
}

}  // namespace reveille::test
