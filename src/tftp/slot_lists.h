// Lists of transfer slots: doubly linked, through one array, without allocation.
#pragma once

#include <cassert>
#include <cstdint>

#include "packet/transfer_id.h"
#include "table/huge_vector.h"

namespace reveille {

// `slots` members and `lists` heads; a slot is in one list at most. Each list is a ring
// through its head, so nothing needs a case for the ends.
class SlotLists {
 public:
  SlotLists(unsigned slots, unsigned lists) : slots_(slots), links_(slots + lists) {
    assert(links_.size() <= 65536);
    for (unsigned i = 0; i < links_.size(); ++i) links_[i] = {index(i), index(i)};
  }

  [[nodiscard]] bool listed(unsigned slot) const { return links_[slot].next != slot; }
  [[nodiscard]] bool empty(unsigned list) const { return !listed(slots_ + list); }
  // The slot that was appended first; the list is not empty.
  [[nodiscard]] unsigned front(unsigned list) const { return links_[slots_ + list].next; }

  // Appends a slot that is in no list.
  void append(unsigned list, unsigned slot) {
    assert(!listed(slot));
    const unsigned head = slots_ + list;
    const unsigned last = links_[head].previous;
    links_[slot] = {index(head), index(last)};
    links_[last].next = index(slot);
    links_[head].previous = index(slot);
  }
  // Takes a slot out of its list, if it is in one.
  void remove(unsigned slot) {
    const Link link = links_[slot];
    links_[link.previous].next = link.next;
    links_[link.next].previous = link.previous;
    links_[slot] = {index(slot), index(slot)};
  }

 private:
  struct Link {
    std::uint16_t next = 0;
    std::uint16_t previous = 0;
  };
  static std::uint16_t index(unsigned i) { return static_cast<std::uint16_t>(i); }

  unsigned slots_;
  HugeVector<Link> links_;
};

}  // namespace reveille
