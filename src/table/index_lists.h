// Many doubly linked lists over the indices of one array; an index is in one list or in none.
// Eight bytes an index, all memory at construction, every step constant in time.
#pragma once

#include <cassert>
#include <cstddef>
#include <cstdint>

#include "table/huge_vector.h"
#include "table/index_table.h"

namespace reveille {

// Each list is a circle through a node of its own, which stands behind those of the items; an
// item leaves its list without knowing which one that is. Owner: one thread.
class IndexLists {
 public:
  IndexLists(std::size_t items, std::size_t lists) : items_(items), nodes_(items + lists) {
    for (std::uint32_t i = 0; i < nodes_.size(); ++i) nodes_[i] = {i, i};
  }

  [[nodiscard]] bool empty(std::size_t list) const { return next(head(list)) == head(list); }
  // The oldest item of the list, or kNoIndex.
  [[nodiscard]] std::uint32_t front(std::size_t list) const {
    return empty(list) ? kNoIndex : next(head(list));
  }
  // The next younger one of an item's list, or kNoIndex.
  [[nodiscard]] std::uint32_t after(std::uint32_t item) const {
    return next(item) < items_ ? next(item) : kNoIndex;
  }
  [[nodiscard]] bool is_linked(std::uint32_t item) const { return next(item) != item; }

  // Starts the memory access of a later unlink(item) or push_back(item).
  void prefetch(std::uint32_t item) const { __builtin_prefetch(&nodes_[item], 1); }
  void push_back(std::size_t list, std::uint32_t item) {
    assert(!is_linked(item));
    const std::uint32_t end = head(list);
    const std::uint32_t last = nodes_[end].previous;
    nodes_[item] = {last, end};
    nodes_[last].next = item;
    nodes_[end].previous = item;
  }
  // No effect on an item that is in no list.
  void unlink(std::uint32_t item) {
    const Node node = nodes_[item];
    nodes_[node.previous].next = node.next;
    nodes_[node.next].previous = node.previous;
    nodes_[item] = {item, item};
  }
  // Appends all of `from` to `to`, in order.
  void move_all(std::size_t from, std::size_t to) {
    if (empty(from)) return;
    const std::uint32_t source = head(from);
    const std::uint32_t end = head(to);
    const Node moved = nodes_[source];
    const std::uint32_t last = nodes_[end].previous;
    nodes_[last].next = moved.next;
    nodes_[moved.next].previous = last;
    nodes_[moved.previous].next = end;
    nodes_[end].previous = moved.previous;
    nodes_[source] = {source, source};
  }
  [[nodiscard]] std::size_t memory_bytes() const { return nodes_.size() * sizeof nodes_[0]; }

 private:
  struct Node {
    std::uint32_t previous;
    std::uint32_t next;
  };
  [[nodiscard]] std::uint32_t head(std::size_t list) const {
    return static_cast<std::uint32_t>(items_ + list);
  }
  [[nodiscard]] std::uint32_t next(std::uint32_t node) const { return nodes_[node].next; }

  std::size_t items_;
  HugeVector<Node> nodes_;
};

}  // namespace reveille
