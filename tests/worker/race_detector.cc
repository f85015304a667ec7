#include "worker/race_detector.h"

#include <cstring>
#include <mutex>
#include <vector>

#include <gtest/gtest.h>
#include <rte_ethdev.h>
#include <rte_mbuf_pool_ops.h>
#include <rte_mempool.h>

namespace reveille::test {
namespace {

// A pool's free buffers, behind a lock.
struct Stock {
  std::mutex lock;
  std::vector<void*> buffers;
};

Stock& stock_of(const rte_mempool* pool) {
  return *static_cast<Stock*>(pool->pool_data);
}

int make_stock(rte_mempool* pool) {
  auto* stock = new Stock;
  stock->buffers.reserve(pool->size);
  pool->pool_data = stock;
  return 0;
}
void drop_stock(rte_mempool* pool) {
  delete &stock_of(pool);
}
int give_back(rte_mempool* pool, void* const* buffers, unsigned count) {
  Stock& stock = stock_of(pool);
  const std::lock_guard guard(stock.lock);
  stock.buffers.insert(stock.buffers.end(), buffers, buffers + count);
  return 0;
}
int take(rte_mempool* pool, void** buffers, unsigned count) {
  Stock& stock = stock_of(pool);
  const std::lock_guard guard(stock.lock);
  if (stock.buffers.size() < count) return -ENOBUFS;
  std::memcpy(buffers, stock.buffers.data() + (stock.buffers.size() - count),
              count * sizeof(void*));
  stock.buffers.resize(stock.buffers.size() - count);
  return 0;
}
unsigned count_free(const rte_mempool* pool) {
  Stock& stock = stock_of(pool);
  const std::lock_guard guard(stock.lock);
  return static_cast<unsigned>(stock.buffers.size());
}

constexpr char kVisible[] = "reveille_test";

void register_visible_pools() {
  rte_mempool_ops operations{};
  std::memcpy(operations.name, kVisible, sizeof(kVisible));
  operations.alloc = make_stock;
  operations.free = drop_stock;
  operations.enqueue = give_back;
  operations.dequeue = take;
  operations.get_count = count_free;
  EXPECT_GE(rte_mempool_register_ops(&operations), 0);
  EXPECT_EQ(rte_mbuf_set_user_mempool_ops(kVisible), 0);
}

std::uint16_t after_receiving(std::uint16_t, std::uint16_t, rte_mbuf**, std::uint16_t frames,
                              std::uint16_t, void* crossing) {
  static_cast<const Crossing*>(crossing)->arrive();
  return frames;
}
std::uint16_t before_sending(std::uint16_t, std::uint16_t, rte_mbuf**, std::uint16_t frames,
                             void* crossing) {
  static_cast<Crossing*>(crossing)->leave();
  return frames;
}

}  // namespace

void use_visible_pools() {
  static const bool registered = (register_visible_pools(), true);
  (void)registered;
}

void watch_port(std::uint16_t port, Crossing& received, Crossing& sent) {
  rte_eth_dev_info info{};
  ASSERT_EQ(rte_eth_dev_info_get(port, &info), 0);
  for (std::uint16_t queue = 0; queue < info.nb_rx_queues; ++queue) {
    EXPECT_NE(rte_eth_add_rx_callback(port, queue, after_receiving, &received), nullptr);
  }
  for (std::uint16_t queue = 0; queue < info.nb_tx_queues; ++queue) {
    EXPECT_NE(rte_eth_add_tx_callback(port, queue, before_sending, &sent), nullptr);
  }
}

}  // namespace reveille::test
