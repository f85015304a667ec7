#include "control/reload/reloader.h"

#include <chrono>

namespace reveille {

void Reloader::turn(const Work& work, const std::function<void(Prepared&)>& take) {
  using namespace std::chrono_literals;
  if (preparing_.valid()) {
    if (preparing_.wait_for(0s) != std::future_status::ready) return;
    Prepared prepared = preparing_.get();
    take(prepared);
    for (const Done& done : std::exchange(asked_, {})) done(prepared);
    return;  // `work` holds what ran before this one
  }
  if (waiting_.empty()) return;
  asked_ = std::exchange(waiting_, {});
  preparing_ = std::async(std::launch::async, work);
}

}  // namespace reveille
