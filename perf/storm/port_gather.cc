// Frames whose end is not copied into a buffer of the port.
#include <rte_mempool.h>

#include "storm/port.h"

namespace reveille::storm {
namespace {

constexpr unsigned kTails = 16383;
constexpr unsigned kCached = 256;

// The port reads the bytes, but never gives them back.
void keep(void*, void*) {}

}  // namespace

void Port::FreePool::operator()(rte_mempool* pool) const {
  rte_mempool_free(pool);
}

void Port::send_with(std::size_t length, Bytes tail) {
  if (!tails_) {
    const std::string name = "storm-tails-" + std::to_string(id_);
    tails_.reset(rte_pktmbuf_pool_create(name.c_str(), kTails, kCached, 0, 0, SOCKET_ID_ANY));
    tails_shared_.free_cb = keep;
    rte_mbuf_ext_refcnt_set(&tails_shared_, 1);  // ours
  }
  rte_mbuf* const segment = tails_ ? rte_pktmbuf_alloc(tails_.get()) : nullptr;
  if (segment == nullptr || open_ == nullptr || waiting_.size() >= kWaitingMax) {
    rte_pktmbuf_free(segment);
    ++not_sent_;
    return;
  }
  auto* const bytes = const_cast<std::uint8_t*>(tail.data());
  rte_pktmbuf_attach_extbuf(segment, bytes, RTE_BAD_IOVA, static_cast<std::uint16_t>(tail.size()),
                            &tails_shared_);
  rte_mbuf_ext_refcnt_update(&tails_shared_, 1);
  segment->data_len = static_cast<std::uint16_t>(tail.size());
  rte_mbuf* const frame = open_;
  open_ = nullptr;
  frame->data_len = static_cast<std::uint16_t>(length);
  frame->pkt_len = static_cast<std::uint32_t>(length + tail.size());
  frame->next = segment;
  frame->nb_segs = 2;
  waiting_.push_back(frame);
}

}  // namespace reveille::storm
