// The TFTP half of a boot: one file after the other, every byte compared.
#pragma once

#include <cstdint>
#include <optional>

#include <reveille/wire/tftp.h>

#include "storm/setting.h"

namespace reveille::storm {

class TftpClient {
 public:
  explicit TftpClient(Setting& setting) : setting_(setting) {}

  // Asks for machine.file.
  void open(std::uint32_t number, Instant now);

  struct Datagram {
    Ipv4Address source;
    std::uint16_t source_port = 0;
    std::uint16_t port = 0;  // where it arrived
    Bytes payload;
    bool compared = false;  // see compare()
  };
  // Where it has the bytes that the machine waits for: notes that, and says what the payload's
  // ones'-complement sum is. The file's sums are known: to make one of each block is most of what
  // a fast swarm would do. Nothing else is known of the datagram yet.
  std::optional<std::uint16_t> compare(std::uint32_t number, Datagram& datagram) const;
  Progress receive(std::uint32_t number, const Datagram& datagram, Instant now);
  // The machine's timer ended in a stage of TFTP.
  Progress expire(std::uint32_t number, Instant now);

 private:
  [[nodiscard]] const TftpHabits& habits(const Machine& machine) const;
  [[nodiscard]] std::uint16_t block_size_asked(const Machine& machine) const;
  [[nodiscard]] std::uint16_t window_size_asked(const Machine& machine) const;

  void ask(std::uint32_t number, Stage stage, Instant now);
  bool send_read_request(std::uint32_t number, Instant now);
  void send_ack(std::uint32_t number, std::uint32_t block, Instant now);
  void send_error(std::uint32_t number, wire::TftpError code, std::string_view message);
  void send(std::uint32_t number, std::size_t length);
  bool start_data_wait(std::uint32_t number, Instant now);

  Progress data(std::uint32_t number, const Datagram& datagram, Instant now);
  Progress next_block(std::uint32_t number, Bytes bytes, bool compared, Instant now);
  Progress other_block(std::uint32_t number, std::uint16_t block, Instant now);
  Progress option_ack(std::uint32_t number, Bytes payload, Instant now);
  bool accept_options(Machine& machine, const wire::TftpView& packet) const;
  Progress fail(std::uint32_t number, Failure failure);
  bool right_bytes(const Machine& machine, Bytes bytes) const;
  void note_round_trip(Machine& machine, Instant now);

  Setting& setting_;
};

}  // namespace reveille::storm
