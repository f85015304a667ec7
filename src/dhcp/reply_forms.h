// Replies that have been written before.
//
// Machines of one kind in one subnet get the same reply but for a few fields: the walk through what
// such a machine asked for need not be made again for each. A form is a reply that stands for all
// of its shape, and the places of what differs from client to client.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <vector>

#include <reveille/bytes.h>
#include <reveille/wire/dhcp.h>

#include "dhcp/exchange.h"
#include "dhcp/server_reply.h"
#include "packet/snapshot.h"

namespace reveille {

// All that the octets of an OFFER or ACK follow from, but for the snapshot and for what a form has
// places for. Pointers stand for what they point to: that belongs to the snapshot.
struct ReplyShape {
  // Octets of UDP payload that the reply may have are `limit`. Nothing: this reply is written anew
  // each time. It is not an OFFER or ACK, it names its machine, answers the boot item that its
  // client asked for, or has options of a length that is split.
  static std::optional<ReplyShape> of(const Exchange& exchange, const ServerReply& reply,
                                      std::size_t limit);
  [[nodiscard]] Bytes octets() const {
    return {reinterpret_cast<const std::uint8_t*>(this), sizeof *this};
  }

  const char* file = nullptr;
  const char* root_path = nullptr;
  const DhcpOptionConfig* options = nullptr;
  const Image* image = nullptr;
  std::uint64_t file_length = 0;
  std::uint32_t root_path_length = 0;
  std::uint32_t options_count = 0;
  Ipv4Address next_server;
  Ipv4Address server_identifier;
  std::uint16_t limit = 0;
  std::uint16_t subnet = 0;
  std::uint16_t station = 0;
  std::uint16_t list_length = 0;  // of the parameter request list
  // Of option 61 and of option 82, or kAbsent.
  std::uint16_t client_id_length = kAbsent;
  std::uint16_t relay_length = kAbsent;
  wire::DhcpType type{};
  // Octets, not bits: a shape is compared as a whole.
  std::uint8_t has_list = 0;
  std::uint8_t has_lease = 0;
  std::uint8_t has_identifier = 0;  // option 97 that is sent back
  std::uint8_t boots = 0;
  std::uint8_t http = 0;
  std::uint8_t ipxe = 0;
  std::uint8_t raspberry_pi = 0;
  std::uint32_t unused = 0;

  static constexpr std::uint16_t kAbsent = 0xffff;
};
static_assert(std::has_unique_object_representations_v<ReplyShape>);

// Which options that forms have places for were written as the client's or the lease's own; the
// configuration may give others.
struct ReplyMarks {
  bool renewal = false;
  bool rebinding = false;
  bool identifier = false;
};

// Owner: one worker.
class ReplyForms {
 public:
  ReplyForms();

  // Before the calls below: forms of another snapshot are forgotten.
  void follow(const Snapshot& snapshot);
  // Writes the reply of that shape for this client. Octets of UDP payload; 0: there is no form yet.
  [[nodiscard]] std::size_t write(const ReplyShape& shape, const Exchange& exchange,
                                  const ServerReply& reply, MutableBytes room);
  // After write() has found none: keeps a reply that was written for this client, if it is the
  // second of its shape, so that whoever asks for something else each time displaces nothing.
  void keep(const ReplyShape& shape, const Exchange& exchange, const ReplyMarks& marks,
            Bytes message);

 private:
  static constexpr std::size_t kForms = 512;
  static constexpr std::size_t kLengthMax = 548;  // what every client takes: RFC 2131 2
  static constexpr std::size_t kListMax = 64;

  // Where a value stands in the message; 0: it is not there.
  struct Places {
    std::uint16_t lease_time = 0;
    std::uint16_t renewal_time = 0;
    std::uint16_t rebinding_time = 0;
    std::uint16_t client_identifier = 0;
    std::uint16_t machine_identifier = 0;
    std::uint16_t relay_information = 0;
  };
  struct Form {
    ReplyShape shape;
    Places places;
    std::uint16_t length = 0;     // 0: empty
    std::uint64_t hash = 0;       // of shape and list
    std::uint64_t candidate = 0;  // hash of the last shape that was not found here
    std::array<std::uint8_t, kListMax> list{};
    std::array<std::uint8_t, kLengthMax> message{};
  };
  // False: one of them is in several pieces.
  static bool find_places(Bytes message, const ReplyMarks& marks, Places& places);

  std::vector<Form> forms_;
  std::uint64_t hash_ = 0;  // of the shape that write() was last asked for
  // The snapshot that they are of.
  std::uint64_t version_ = 0;
  const Config* config_ = nullptr;
  const Subnets* subnets_ = nullptr;
  const BootPolicy* policy_ = nullptr;
  const Catalogue* catalogue_ = nullptr;
};

}  // namespace reveille
