// A driver that takes its callback off an interrupt waits for those who poll.
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <dlfcn.h>
#include <memory>
#include <string_view>
#include <thread>

#include <gtest/gtest.h>
#include <rte_interrupts.h>
#include <rte_rcu_qsbr.h>

#include <reveille/pollers.h>

namespace reveille {
namespace {

using namespace std::chrono_literals;

constexpr auto kAWhile = 100ms;

// One thread that polls, and another that takes a callback off.
class Pollers : public testing::Test {
 protected:
  Pollers()
      : looks_(static_cast<rte_rcu_qsbr*>(
            std::aligned_alloc(RTE_CACHE_LINE_SIZE, rte_rcu_qsbr_get_memsize(1)))) {
    rte_rcu_qsbr_init(looks_.get(), 1);
    rte_rcu_qsbr_thread_register(looks_.get(), 0);
    rte_rcu_qsbr_thread_online(looks_.get(), 0);
    add_pollers(looks_.get());
  }
  ~Pollers() override {
    rte_rcu_qsbr_thread_offline(looks_.get(), 0);
    if (driver_.joinable()) driver_.join();
    forget_pollers(looks_.get());
  }

  void take_callback_off() {
    driver_ = std::thread([this] {
      called_ = true;
      removed_ = rte_intr_callback_unregister(
          nullptr, [](void*) {}, nullptr);
      done_ = true;
    });
  }

  // Within twenty seconds, in which each() is called again and again.
  template <class Each>
  bool done(Each&& each) {
    for (int tries = 0; tries < 20'000 && !done_; ++tries) {
      each();
      std::this_thread::sleep_for(1ms);
    }
    return done_;
  }
  bool done() {
    return done([] {});
  }

  struct Free {
    void operator()(rte_rcu_qsbr* looks) const { std::free(looks); }
  };
  std::unique_ptr<rte_rcu_qsbr, Free> looks_;
  std::thread driver_;
  std::atomic<bool> called_ = false;
  std::atomic<bool> done_ = false;
  std::atomic<int> removed_ = 0;
};

TEST_F(Pollers, ADriverWaitsUntilALookIsOver) {
  take_callback_off();
  while (!called_) std::this_thread::sleep_for(1ms);
  std::this_thread::sleep_for(kAWhile);
  EXPECT_FALSE(done_);
  EXPECT_TRUE(done([this] { rte_rcu_qsbr_quiescent(looks_.get(), 0); }));
  EXPECT_LT(removed_, 0) << "there was none, as DPDK says";
}

// What a driver's call of that name finds, in a program like this one.
TEST_F(Pollers, DriversCallOurFunction) {
  void* const found = dlsym(RTLD_DEFAULT, "rte_intr_callback_unregister");
  Dl_info ours{};
  ASSERT_NE(dladdr(found, &ours), 0);
  EXPECT_EQ(found, reinterpret_cast<void*>(&rte_intr_callback_unregister));
  EXPECT_EQ(std::string_view(ours.dli_fname).find("librte"), std::string_view::npos);
}

TEST_F(Pollers, NobodyWaitsForWhoSleeps) {
  rte_rcu_qsbr_thread_offline(looks_.get(), 0);
  take_callback_off();
  EXPECT_TRUE(done());
}

TEST_F(Pollers, NobodyWaitsForWhoIsForgotten) {
  forget_pollers(looks_.get());
  take_callback_off();
  EXPECT_TRUE(done());
}

}  // namespace
}  // namespace reveille
