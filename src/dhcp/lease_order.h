// An operator's word about one address, from control to the worker that owns it.
#pragma once

#include <cstdint>
#include <type_traits>

#include <reveille/address.h>
#include <reveille/instant.h>

namespace reveille {

struct LeaseOrder {
  enum class Kind : std::uint8_t {
    release,  // free; who had it last may have it again
    reserve,  // given to nobody, until it is released
  };
  Kind kind{};
  std::uint8_t padding[7] = {};
  Instant until = Instant::max();  // no worker begins it later: the operator has been told by then
  Ipv4Address address;
  std::uint32_t number = 0;  // counted by control, so that answers find their question
};
static_assert(sizeof(LeaseOrder) == 24 && std::is_trivially_copyable_v<LeaseOrder>);

// What one worker says of it, when the change is on disk.
struct LeaseOrderAnswer {
  // The greater one counts when several workers answer: an address may move between two of them
  // while they are asked.
  enum class Kind : std::uint8_t {
    not_mine,   // another worker's, on its way between two, or in no pool
    as_it_was,  // it is free, or reserved, already
    too_late,   // the order's time was over: nothing has changed here
    busy,       // the disk is behind, or not all that a reload brought is here: ask again
    done,
  };
  Kind kind{};
  std::uint8_t padding[3] = {};
  std::uint32_t number = 0;
};
static_assert(sizeof(LeaseOrderAnswer) == 8 && std::is_trivially_copyable_v<LeaseOrderAnswer>);

}  // namespace reveille
