// TFTP clients as firmware writes them, on a simulated link.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/simulation.h"
#include "tftp/server.h"

namespace reveille::sim {

using test::Datagram;
using test::Octets;
using test::Options;

// What a client does with DATA that is not the block it waits for.
enum class Disorder : std::uint8_t {
  repeat_ack,      // the ACK of what has arrived in order, for each such packet
  ack_old_blocks,  // an ACK of that very block when it is an old one; nothing for a future one
  once_a_window,   // RFC 7440: the ACK of what has arrived, once until something new comes
};

struct Behaviour {
  const char* name;
  Options options;
  std::uint16_t block_size = 512;
  std::uint64_t window = 1;
  bool probes_size = false;  // asks twice, the first time for tsize only
  bool netascii = false;
  Nanoseconds request_interval{};  // until the request is repeated
  bool request_interval_doubles = false;
  int request_tries = 6;
  Nanoseconds ack_interval{};  // until an ACK is repeated; zero = never
  int ack_tries = 6;           // in a row, without anything new
  Disorder disorder = Disorder::repeat_ack;
  bool reports_strangers = true;  // ERROR 5 to another transfer id
};

// Every behaviour of notes from the field that differs towards a server.
const std::vector<Behaviour>& behaviours();

class TftpClient {
 public:
  enum class State : std::uint8_t { waiting, requesting, reading, done, failed };
  using Send = std::function<void(Octets payload, std::uint16_t to_port)>;

  TftpClient(Simulation& simulation, const Behaviour& behaviour, std::uint16_t port, Send send)
      : simulation_(simulation), behaviour_(behaviour), port_(port), send_(std::move(send)) {}

  void start(std::string file);
  void receive(const Datagram& datagram);

  [[nodiscard]] State state() const { return state_; }
  [[nodiscard]] bool finished() const { return state_ == State::done || state_ == State::failed; }
  [[nodiscard]] const Octets& file() const { return received_; }
  [[nodiscard]] Nanoseconds elapsed() const { return finished_at_ - started_at_; }
  // Of these, after the first answer of the attempt that succeeded.
  [[nodiscard]] Nanoseconds reading() const { return finished_at_ - answered_at_; }
  [[nodiscard]] const Behaviour& behaviour() const { return behaviour_; }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint64_t blocks() const { return blocks_; }
  // 1 = it worked at once. Whoever boots a machine tries again, and so do most boot menus.
  [[nodiscard]] int attempts() const { return attempts_; }

 private:
  void request();
  void take_oack(const Datagram& datagram);
  void take_data(const Datagram& datagram);
  void take_out_of_order(std::uint16_t block);
  void acknowledge(std::uint16_t block);
  void repeat_ack_later();
  // This attempt has failed: another one from another port, or the end.
  void give_up();
  void begin();
  void finish(State state);

  Simulation& simulation_;
  const Behaviour& behaviour_;
  std::uint16_t port_;
  Send send_;
  std::string name_;
  State state_ = State::waiting;
  bool probing_ = false;
  std::uint16_t transfer_id_ = 0;  // 0 = not known yet
  std::uint64_t blocks_ = 0;       // in order
  std::uint64_t in_window_ = 0;
  std::uint16_t last_ack_ = 0;
  bool complained_ = false;
  Octets received_;
  int attempts_ = 0;
  int tries_ = 0;
  Nanoseconds interval_{};
  std::uint64_t timer_ = 0;  // the number of the timer that counts
  Instant started_at_{}, answered_at_{}, finished_at_{};
};

}  // namespace reveille::sim
