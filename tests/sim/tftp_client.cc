#include "sim/tftp_client.h"

namespace reveille::sim {

using wire::TftpOpcode;

namespace {

constexpr int kAttemptsMax = 4;
// GRUB stops reading after so long.
constexpr Nanoseconds kSilenceMax = 31s;

}  // namespace

const std::vector<Behaviour>& behaviours() {
  static const std::vector<Behaviour> all = {
      {.name = "iPXE",
       .options = {{"blksize", "1432"}, {"tsize", "0"}},
       .block_size = 1432,
       .request_interval = 250ms,
       .request_interval_doubles = true,
       .ack_interval = 250ms,
       .ack_tries = 40,
       .reports_strangers = false},
      {.name = "EDK2",
       .options = {{"blksize", "1468"}, {"windowsize", "4"}},
       .block_size = 1468,
       .window = 4,
       .probes_size = true,
       .request_interval = 4s,
       .ack_interval = 4s},
      {.name = "GRUB",
       .options = {{"blksize", "1024"}, {"tsize", "0"}},
       .block_size = 1024,
       .request_interval = 400ms,
       .request_tries = 40,
       .disorder = Disorder::ack_old_blocks},
      {.name = "PXELINUX",
       .options = {{"tsize", "0"}, {"blksize", "1408"}},
       .block_size = 1408,
       .request_interval = 500ms,
       .request_interval_doubles = true,
       .ack_interval = 1s,
       .ack_tries = 40},
      {.name = "legacy",
       .request_interval = 1s,
       .request_interval_doubles = true,
       .ack_interval = 2s,
       .disorder = Disorder::ack_old_blocks},
      {.name = "curl",
       .options = {{"tsize", "0"}, {"blksize", "512"}, {"timeout", "1"}},
       .request_interval = 1s,
       .request_tries = 12,
       .ack_interval = 1s,
       .ack_tries = 12,
       .disorder = Disorder::ack_old_blocks},
      {.name = "atftp",
       .options = {{"blksize", "1428"}, {"windowsize", "16"}},
       .block_size = 1428,
       .window = 16,
       .request_interval = 5s,
       .ack_interval = 5s,
       .disorder = Disorder::once_a_window},
      {.name = "netascii",
       .netascii = true,
       .request_interval = 1s,
       .ack_interval = 3s,
       .disorder = Disorder::ack_old_blocks},
  };
  return all;
}

void TftpClient::start(std::string file) {
  name_ = std::move(file);
  started_at_ = simulation_.now();
  begin();
}

void TftpClient::begin() {
  ++attempts_;
  state_ = State::requesting;
  probing_ = behaviour_.probes_size;
  transfer_id_ = 0;
  blocks_ = in_window_ = 0;
  complained_ = false;
  received_.clear();
  tries_ = 0;
  interval_ = behaviour_.request_interval;
  request();
}

void TftpClient::give_up() {
  if (attempts_ == kAttemptsMax) return finish(State::failed);
  state_ = State::waiting;
  port_ = static_cast<std::uint16_t>(port_ + 2);
  simulation_.after(1s, [this, timer = ++timer_] {
    if (timer == timer_) begin();
  });
}

void TftpClient::request() {
  if (tries_++ == behaviour_.request_tries) return give_up();
  std::vector<wire::TftpOption> options;
  if (probing_) options.push_back({"tsize", "0"});
  for (const auto& [name, value] : behaviour_.options) options.push_back({name, value});
  Octets packet(500);
  packet.resize(wire::write_tftp_read_request(packet, name_,
                                              behaviour_.netascii ? "netascii" : "octet", options));
  send_(std::move(packet), wire::kTftpPort);
  simulation_.after(interval_, [this, timer = ++timer_] {
    if (timer == timer_ && state_ == State::requesting) request();
  });
  if (behaviour_.request_interval_doubles) interval_ *= 2;
}

void TftpClient::receive(const Datagram& datagram) {
  if (finished() || state_ == State::waiting) return;  // the port is closed
  if (transfer_id_ != 0 && datagram.from_port != transfer_id_) {
    if (behaviour_.reports_strangers && datagram.opcode() != TftpOpcode::error) {
      send_({0, 5, 0, 5, 'T', 'I', 'D', 0}, datagram.from_port);
    }
    return;
  }
  switch (datagram.opcode()) {
    case TftpOpcode::option_acknowledgment:
      return take_oack(datagram);
    case TftpOpcode::data:
      return take_data(datagram);
    default:
      return give_up();
  }
}

void TftpClient::take_oack(const Datagram& datagram) {
  if (probing_) {
    // EDK2: ERROR 8, then the real request from another port of its own.
    send_({0, 5, 0, 8, 'U', 's', 'e', 'r', 0}, datagram.from_port);
    probing_ = false;
    tries_ = 0;
    ++port_;
    return request();
  }
  if (blocks_ > 0) return;
  transfer_id_ = datagram.from_port;
  if (state_ == State::requesting) answered_at_ = simulation_.now();
  state_ = State::reading;
  acknowledge(0);
}

void TftpClient::take_data(const Datagram& datagram) {
  const auto expected = static_cast<std::uint16_t>(blocks_ + 1);
  if (probing_ || (state_ == State::requesting && datagram.block() != 1)) return;
  transfer_id_ = datagram.from_port;
  if (state_ == State::requesting) answered_at_ = simulation_.now();
  state_ = State::reading;
  if (datagram.block() != expected) return take_out_of_order(datagram.block());
  ++blocks_;
  complained_ = false;
  tries_ = 0;
  received_.insert(received_.end(), datagram.data().begin(), datagram.data().end());
  const bool last = datagram.data().size() < behaviour_.block_size;
  if (last || ++in_window_ == behaviour_.window) {
    in_window_ = 0;
    acknowledge(expected);
  } else {
    repeat_ack_later();
  }
  if (last) finish(State::done);
}

void TftpClient::take_out_of_order(std::uint16_t block) {
  const auto arrived = static_cast<std::uint16_t>(blocks_);
  const bool old = static_cast<std::uint16_t>(arrived - block) < 0x8000;
  switch (behaviour_.disorder) {
    case Disorder::repeat_ack:
      in_window_ = 0;
      return acknowledge(arrived);
    case Disorder::ack_old_blocks:
      if (old) acknowledge(block);
      return;
    case Disorder::once_a_window:
      if (complained_) return;
      complained_ = true;
      in_window_ = 0;
      return acknowledge(arrived);
  }
}

void TftpClient::acknowledge(std::uint16_t block) {
  last_ack_ = block;
  Octets packet(4);
  wire::write_tftp_ack(packet, block);
  send_(std::move(packet), transfer_id_);
  repeat_ack_later();
}

void TftpClient::repeat_ack_later() {
  ++timer_;
  const bool repeats = behaviour_.ack_interval != Nanoseconds{};
  simulation_.after(repeats ? behaviour_.ack_interval : kSilenceMax,
                    [this, repeats, timer = timer_] {
                      if (timer != timer_ || finished()) return;
                      if (!repeats) return give_up();
                      if (tries_++ == behaviour_.ack_tries) return give_up();
                      in_window_ = 0;
                      acknowledge(static_cast<std::uint16_t>(blocks_));
                    });
}

void TftpClient::finish(State state) {
  state_ = state;
  finished_at_ = simulation_.now();
  ++timer_;
}

}  // namespace reveille::sim
