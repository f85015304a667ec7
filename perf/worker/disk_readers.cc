#include "worker/disk_readers.h"

#include <algorithm>
#include <cstring>

#include <reveille/wire/aoe.h>
#include <reveille/wire/ata.h>
#include <reveille/wire/ethernet.h>

namespace reveille::bench {
namespace {

MacAddress mac_of(std::uint32_t machine) {
  MacAddress mac{{0x52, 0x56}};
  store_be32(&mac.octets[2], machine);
  return mac;
}

}  // namespace

DiskReaders::DiskReaders(const Shape& shape, const Station& station)
    : shape_(shape), station_(station), cursors_(shape.machines) {
  for (std::uint64_t& cursor : cursors_) cursor = random_() % (shape.disk_sectors - kSectors);
}

std::uint8_t* DiskReaders::write_request(std::uint8_t* to, std::uint32_t machine, bool identify,
                                         std::uint64_t lba) const {
  using wire::AoeAtaView;
  to = wire::write_ethernet(to, station_.mac, mac_of(machine), 0, wire::EtherType::aoe);
  to = wire::write_aoe_header(to, {.response = false,
                                   .error = 0,
                                   .shelf = 0,
                                   .slot = 1,
                                   .command = wire::AoeCommand::ata,
                                   .tag = machine});
  const bool write = shape_.write && !identify;
  const auto command = identify ? wire::AtaCommand::identify_device
                       : write  ? wire::AtaCommand::write_sectors_ext
                                : wire::AtaCommand::read_sectors_ext;
  return wire::write_aoe_ata(
      to, {.flags = static_cast<std::uint8_t>((identify ? 0 : AoeAtaView::kExtended) |
                                              (write ? AoeAtaView::kWrite : 0)),
           .feature = 0,
           .sectors = identify ? std::uint8_t{1} : std::uint8_t{kSectors},
           .command = static_cast<std::uint8_t>(command),
           .lba = lba});
}

unsigned DiskReaders::fill(std::span<rte_mbuf*> room, std::uint64_t /*now_cycles*/) {
  unsigned count = 0;
  for (; count < room.size(); ++count) {
    const bool identify = !is_open();
    // None twice, and a few at a time: all of them are answered before the first one reads.
    if (identify ? opened_ == shape_.machines || opened_ - identified_ >= 256 : done()) break;
    const std::uint32_t machine = identify ? opened_++ : next_;
    std::uint64_t lba = 0;
    if (!identify) {
      if (++next_ == shape_.machines) next_ = 0;
      std::uint64_t& cursor = cursors_[machine];
      lba = cursor;
      cursor = shape_.random ? random_() : cursor + kSectors;
      cursor %= shape_.write ? 8 * kSectors : shape_.disk_sectors - kSectors;
      if (shape_.write) lba %= 8 * kSectors;
      ++asked_;
    }
    rte_mbuf& frame = *room[count];
    auto* const data = rte_pktmbuf_mtod(&frame, std::uint8_t*);
    std::uint8_t* end = write_request(data, machine, identify, lba);
    if (shape_.write && !identify) end += kSectors * wire::kSectorSize;
    frame.data_len = static_cast<std::uint16_t>(std::max<std::ptrdiff_t>(end - data, kReadFrame));
    frame.pkt_len = frame.data_len;
  }
  return count;
}

void DiskReaders::sent(std::span<rte_mbuf*> frames, std::uint64_t /*now_cycles*/) {
  if (!is_open()) identified_ += static_cast<std::uint32_t>(frames.size());
}

}  // namespace reveille::bench
