#include "storm/tftp_client.h"

#include <charconv>
#include <cstring>

#include <reveille/wire/checksum.h>

namespace reveille::storm {
namespace {

using wire::TftpError;
using wire::TftpOpcode;

constexpr std::uint16_t kDefaultBlockSize = 512;
constexpr Nanoseconds kIpxeFloor = 250ms;
constexpr Nanoseconds kIpxeLimit = 10s;
constexpr std::uint16_t kFirstPort = 2048;

TftpOpcode opcode_of(Bytes payload) {
  return static_cast<TftpOpcode>(load_be16(payload.data()));
}

// nullopt: no number, or a larger one.
std::optional<std::uint64_t> number_in(std::string_view text, std::uint64_t max) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > max) return std::nullopt;
  return value;
}

}  // namespace

const TftpHabits& TftpClient::habits(const Machine& machine) const {
  const Profile& profile = setting_.profile(machine);
  return machine.files_read == 0 ? profile.tftp : profile.tftp_later;
}
std::uint16_t TftpClient::block_size_asked(const Machine& machine) const {
  return setting_.config.block_size.value_or(habits(machine).block_size);
}
std::uint16_t TftpClient::window_size_asked(const Machine& machine) const {
  return setting_.config.window_size.value_or(habits(machine).window_size);
}

void TftpClient::open(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  const bool probe = habits(machine).probe_error && !machine.size_known;
  ask(number, probe ? Stage::probing : Stage::opening, now);
}

void TftpClient::ask(std::uint32_t number, Stage stage, Instant now) {
  Machine& machine = setting_.machines[number];
  machine.stage = stage;
  machine.tries = 0;
  // A new port for each request: what an earlier transfer still sends is not for this one.
  machine.local_port = machine.local_port < kFirstPort || machine.local_port == 0xffff
                           ? static_cast<std::uint16_t>(kFirstPort + machine.xid % 50'000)
                           : static_cast<std::uint16_t>(machine.local_port + 1);
  machine.remote_port = 0;
  machine.size_announced = 0;
  machine.block_size = kDefaultBlockSize;
  machine.window_size = 1;
  machine.next_block = 1;
  machine.timeout_ms = 0;
  send_read_request(number, now);
}

bool TftpClient::send_read_request(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  const TftpHabits& habit = habits(machine);
  if (!start_wait(setting_, number, habit.open_waits, now)) return false;
  setting_.counters().read_requests.count(machine.tries > 1);
  std::array<wire::TftpOption, 3> options;
  std::size_t count = 0;
  std::array<char, 8> block_size{};
  std::array<char, 8> window_size{};
  const auto text = [](std::array<char, 8>& room, std::uint16_t value) {
    return std::string_view(room.data(),
                            std::to_chars(room.data(), room.data() + room.size(), value).ptr);
  };
  if (machine.stage == Stage::probing) options[count++] = {"tsize", "0"};
  if (block_size_asked(machine) != kDefaultBlockSize) {
    options[count++] = {"blksize", text(block_size, block_size_asked(machine))};
  }
  if (machine.stage == Stage::opening && habit.asks_size) options[count++] = {"tsize", "0"};
  if (window_size_asked(machine) > 1) {
    options[count++] = {"windowsize", text(window_size, window_size_asked(machine))};
  }
  send(number,
       wire::write_tftp_read_request(setting_.network.payload(), setting_.files[machine.file].name,
                                     "octet", std::span{options}.first(count)));
  return true;
}

void TftpClient::send(std::uint32_t number, std::size_t length) {
  const Machine& machine = setting_.machines[number];
  setting_.network.send(
      {.from_mac = setting_.mac(number),
       .to_mac = machine.boot_mac,
       .from = machine.address,
       .to = machine.boot_server,
       .from_port = machine.local_port,
       .to_port = machine.remote_port != 0 ? machine.remote_port : wire::kTftpPort},
      length);
}

void TftpClient::send_ack(std::uint32_t number, std::uint32_t block, Instant now) {
  Machine& machine = setting_.machines[number];
  machine.window_left = machine.window_size;
  machine.last_sent = now;
  send(number, wire::write_tftp_ack(setting_.network.payload(), static_cast<std::uint16_t>(block)));
}

void TftpClient::send_error(std::uint32_t number, TftpError code, std::string_view message) {
  send(number, wire::write_tftp_error(setting_.network.payload(), code, message));
}

Progress TftpClient::fail(std::uint32_t number, Failure failure) {
  setting_.machines[number].failure = failure;
  return Progress::failed;
}

Progress TftpClient::receive(std::uint32_t number, const Datagram& datagram, Instant now) {
  Machine& machine = setting_.machines[number];
  const bool reading = machine.stage == Stage::probing || machine.stage == Stage::opening ||
                       machine.stage == Stage::reading;
  // What comes from another port is another transfer: of a read request that was sent twice.
  if (!reading || datagram.port != machine.local_port || datagram.source != machine.boot_server ||
      (machine.remote_port != 0 && machine.remote_port != datagram.source_port)) {
    ++setting_.counters().foreign;
    return Progress::waiting;
  }
  if (datagram.payload.size() < 4) {
    ++setting_.counters().malformed;
    return Progress::waiting;
  }
  machine.remote_port = datagram.source_port;
  const TftpOpcode opcode = opcode_of(datagram.payload);
  if (machine.stage == Stage::probing && opcode != TftpOpcode::error) {
    send_error(number, static_cast<TftpError>(*habits(machine).probe_error), "TFTP Aborted");
    ask(number, Stage::opening, now);
    return Progress::waiting;
  }
  switch (opcode) {
    case TftpOpcode::data:
      return data(number, datagram, now);
    case TftpOpcode::option_acknowledgment:
      return option_ack(number, datagram.payload, now);
    case TftpOpcode::error:
      return fail(number, Failure::tftp_error);
    default:
      ++setting_.counters().malformed;
      return Progress::waiting;
  }
}

Progress TftpClient::option_ack(std::uint32_t number, Bytes payload, Instant now) {
  Machine& machine = setting_.machines[number];
  if (machine.stage == Stage::reading) {
    if (machine.next_block != 1) return Progress::waiting;
    // Our ACK of the OACK was lost, or its answer.
    setting_.counters().acks.count(true);
    send_ack(number, 0, now);
    return Progress::waiting;
  }
  const auto packet = wire::TftpView::parse(payload);
  if (!packet || !accept_options(machine, *packet)) {
    send_error(number, TftpError::option_refused, "options that were not asked for");
    return fail(number, Failure::bad_options);
  }
  note_round_trip(machine, now);
  machine.stage = Stage::reading;
  machine.tries = 0;
  setting_.counters().acks.count(false);
  send_ack(number, 0, now);
  start_data_wait(number, now);
  return Progress::waiting;
}

bool TftpClient::accept_options(Machine& machine, const wire::TftpView& packet) const {
  for (const wire::TftpOption& option : packet.options()) {
    // Names are compared without case; servers echo what they were sent or write small letters.
    const char first = static_cast<char>(option.name.empty() ? 0 : option.name[0] | 0x20);
    if (first == 't' && option.name.size() == 5) {
      const auto size = number_in(option.value, ~std::uint64_t{0});
      if (!size || !habits(machine).asks_size) return false;
      machine.size_announced = *size;
    } else if (first == 'b') {
      const auto size = number_in(option.value, block_size_asked(machine));
      if (!size || *size < 8) return false;
      machine.block_size = static_cast<std::uint16_t>(*size);
    } else if (first == 'w') {
      const auto size = number_in(option.value, window_size_asked(machine));
      if (!size || *size == 0) return false;
      machine.window_size = static_cast<std::uint16_t>(*size);
    } else {
      return false;
    }
  }
  return true;
}

std::optional<std::uint16_t> TftpClient::compare(std::uint32_t number, Datagram& datagram) const {
  const Machine& machine = setting_.machines[number];
  const Bytes payload = datagram.payload;
  if (machine.stage != Stage::reading || payload.size() < wire::kTftpDataHeader ||
      opcode_of(payload) != TftpOpcode::data ||
      load_be16(&payload[2]) != static_cast<std::uint16_t>(machine.next_block)) {
    return std::nullopt;
  }
  const ServedFile& file = setting_.files[machine.file];
  const Bytes bytes = payload.subspan(wire::kTftpDataHeader);
  if (!file.known || bytes.size() > machine.block_size || !right_bytes(machine, bytes)) {
    return std::nullopt;
  }
  datagram.compared = true;
  // A full block, or the rest of the file: anything else that is short has a sum of its own.
  const std::size_t index = machine.next_block - 1;
  const std::uint64_t begin = std::uint64_t{index} * machine.block_size;
  if (bytes.size() < machine.block_size && begin + bytes.size() != file.bytes.size()) {
    return std::nullopt;
  }
  const std::uint32_t header =
      static_cast<std::uint32_t>(TftpOpcode::data) + load_be16(&payload[2]);
  return wire::fold32(header + setting_.files.block_sum(machine.file, machine.block_size, index));
}

Progress TftpClient::data(std::uint32_t number, const Datagram& datagram, Instant now) {
  const Bytes payload = datagram.payload;
  Machine& machine = setting_.machines[number];
  if (machine.stage == Stage::opening) {
    // A server without options: blocks of 512, one at a time.
    machine.stage = Stage::reading;
    machine.window_left = 1;
  }
  const std::uint16_t block = load_be16(&payload[2]);
  const Bytes bytes = payload.subspan(wire::kTftpDataHeader);
  if (block != static_cast<std::uint16_t>(machine.next_block)) {
    return other_block(number, block, now);
  }
  return next_block(number, bytes, datagram.compared, now);
}

Progress TftpClient::next_block(std::uint32_t number, Bytes bytes, bool compared, Instant now) {
  Machine& machine = setting_.machines[number];
  Counters& counters = setting_.counters();
  if (bytes.size() > machine.block_size || (!compared && !right_bytes(machine, bytes))) {
    send_error(number, TftpError::not_defined, "wrong bytes");
    return fail(number, Failure::wrong_bytes);
  }
  const ServedFile& file = setting_.files[machine.file];
  if (!file.known) counters.unverified += bytes.size();
  ++counters.blocks;
  counters.bytes += bytes.size();
  if (machine.window_left == machine.window_size) note_round_trip(machine, now);
  ++machine.next_block;
  machine.tries = 0;
  const bool last = bytes.size() < machine.block_size;
  if (machine.window_left > 0) --machine.window_left;
  if (last || machine.window_left == 0) {
    counters.acks.count(false);
    send_ack(number, machine.next_block - 1, now);
  }
  if (!last) {
    start_data_wait(number, now);
    return Progress::waiting;
  }
  const std::uint64_t length =
      std::uint64_t{machine.next_block - 2} * machine.block_size + bytes.size();
  if ((file.known && length != file.bytes.size()) ||
      (machine.size_announced != 0 && length != machine.size_announced)) {
    return fail(number, Failure::wrong_length);
  }
  ++counters.files;
  return Progress::done;
}

bool TftpClient::right_bytes(const Machine& machine, Bytes bytes) const {
  const ServedFile& file = setting_.files[machine.file];
  if (!file.known) return true;
  const std::uint64_t offset = std::uint64_t{machine.next_block - 1} * machine.block_size;
  return offset + bytes.size() <= file.bytes.size() &&
         (bytes.empty() || std::memcmp(&file.bytes[offset], bytes.data(), bytes.size()) == 0);
}

Progress TftpClient::other_block(std::uint32_t number, std::uint16_t block, Instant now) {
  Machine& machine = setting_.machines[number];
  ++setting_.counters().repeated_blocks;
  const auto ahead = static_cast<std::int16_t>(block - machine.next_block);
  const bool waits = habits(machine).loss == LossRule::wait;
  if (waits && ahead > 0) return Progress::waiting;
  // GRUB acknowledges an old block by its own number, the others the last one that was in order.
  const std::uint32_t acknowledged =
      waits ? machine.next_block + static_cast<std::uint32_t>(std::int32_t{ahead})
            : machine.next_block - 1;
  setting_.counters().acks.count(true);
  send_ack(number, acknowledged, now);
  return Progress::waiting;
}

void TftpClient::note_round_trip(Machine& machine, Instant now) {
  if (machine.tries > 1) return;  // the answer to which of them?
  const Nanoseconds round_trip = now - machine.last_sent;
  if (machine.stage == Stage::reading) setting_.statistics.block_time.add(round_trip);
  // iPXE retry.c: an eighth of the new value, seven of the old.
  const auto fresh = std::min<std::int64_t>(4 * round_trip / 1ms, 10'000);
  machine.timeout_ms = static_cast<std::uint16_t>(
      machine.timeout_ms == 0 ? fresh : (7 * machine.timeout_ms + fresh) / 8);
}

bool TftpClient::start_data_wait(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  const TftpHabits& habit = habits(machine);
  Nanoseconds wait{};
  if (habit.measures_round_trip) {
    const Nanoseconds first =
        std::max<Nanoseconds>(kIpxeFloor, std::chrono::milliseconds{machine.timeout_ms});
    wait = first * (1 << std::min<unsigned>(machine.tries, 16));
    if (wait > kIpxeLimit) return false;
  } else {
    if (machine.tries >= habit.data_waits.size()) return false;
    wait = habit.data_waits[machine.tries];
  }
  ++machine.tries;
  setting_.timers.set(number, now + wait);
  return true;
}

Progress TftpClient::expire(std::uint32_t number, Instant now) {
  Machine& machine = setting_.machines[number];
  if (machine.stage != Stage::reading) {
    if (send_read_request(number, now)) return Progress::waiting;
    return fail(number, Failure::no_tftp);
  }
  if (!start_data_wait(number, now)) return fail(number, Failure::stalled);
  if (habits(machine).loss == LossRule::wait) return Progress::waiting;
  setting_.counters().acks.count(true);
  send_ack(number, machine.next_block - 1, now);
  return Progress::waiting;
}

}  // namespace reveille::storm
