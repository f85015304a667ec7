// One reload after the other, each prepared in a thread of its own while control goes on.
#pragma once

#include <functional>
#include <future>
#include <string>
#include <vector>

#include <tl/expected.hpp>

#include "control/reload/prepare.h"

namespace reveille {

// Thread: control.
class Reloader {
 public:
  using Prepared = tl::expected<PreparedConfig, std::string>;
  // Prepares; called in another thread.
  using Work = std::function<Prepared()>;
  // What came of it, for whoever asked. The same value for all who asked together.
  using Done = std::function<void(const Prepared&)>;

  // Asks for a reload. One that is under way may have read the file before it was changed: those
  // who ask meanwhile share the next one.
  void ask(Done done) { waiting_.push_back(std::move(done)); }

  // Starts what was asked for, or ends what is ready: `take` first (it may move from the value
  // what done needs not), then everybody who asked.
  void turn(const Work& work, const std::function<void(Prepared&)>& take);
  [[nodiscard]] bool busy() const { return preparing_.valid() || !waiting_.empty(); }

 private:
  std::vector<Done> waiting_;
  std::vector<Done> asked_;  // of the one that is under way
  std::future<Prepared> preparing_;
};

}  // namespace reveille
