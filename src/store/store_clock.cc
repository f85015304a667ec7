#include "store/store_clock.h"

#include <ctime>
#include <fstream>

namespace reveille {
namespace {

std::int64_t seconds_of(clockid_t clock) {
  timespec time{};
  clock_gettime(clock, &time);
  return time.tv_sec;
}

}  // namespace

StoreClock machine_clock(std::function<Instant()> now) {
  std::string boot_id;
  std::ifstream("/proc/sys/kernel/random/boot_id") >> boot_id;
  return {[now = std::move(now)] {
            return StoreTime{now(), seconds_of(CLOCK_REALTIME), seconds_of(CLOCK_BOOTTIME)};
          },
          boot_id};
}

}  // namespace reveille
