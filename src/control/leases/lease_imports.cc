#include "control/leases/lease_imports.h"

#include <algorithm>

namespace reveille {

void LeaseImports::ask(std::vector<LeaseChange> leases, Done done) {
  if (waiting_.size() == kWaitingMax) {
    return done(tl::unexpected(std::string("too many others import leases")));
  }
  if (abandoned_) {
    return done(tl::unexpected(
        std::string("a worker or the disk has not answered to what was imported before")));
  }
  if (outside_.size() >= kOutsideMax) {
    return done(tl::unexpected(std::string(
        "a million leases outside all pools were imported since the start; restart first")));
  }
  waiting_.push_back({std::move(leases), std::move(done)});
}

void LeaseImports::turn(Instant now) {
  if (abandoned_) {
    if (piece_ && way_.imported()) piece_.reset();
    if (addition_ && way_.added()) addition_.reset();
    abandoned_ = is_out();
    return;
  }
  if (piece_ && way_.imported()) hear(now);
  if (addition_ && way_.added()) hear_store();
  if (begun_ && !is_out() && open_.empty()) finish(fates_);
  if (begun_ && now > give_up_at_) {
    abandoned_ = is_out();
    const std::string who =
        abandoned_ ? "a worker or the disk does not answer" : "a reload does not come to its end";
    const std::string why =
        who + ", and some of these leases may have been taken over; import them again";
    while (!waiting_.empty()) finish(tl::unexpected(why));
    return;
  }
  if (!begun_ && !waiting_.empty()) begin(now);
  if (begun_ && !is_out() && now >= next_try_) send(now);
}

void LeaseImports::begin(Instant now) {
  const std::size_t count = waiting_.front().leases.size();
  begun_ = true;
  give_up_at_ = now + kPatience;
  end_at_ = now + kReloadPatience;
  next_try_ = now;
  tries_ = 0;
  plan_.reset();
  fates_.assign(count, Fate::unsettled);
  moved_.assign(count, false);
  open_.resize(count);
  for (std::size_t i = 0; i < count; ++i) open_[i] = i;
}

void LeaseImports::send(Instant now) {
  std::vector<LeaseChange> leases;
  for (const std::size_t lease : open_) leases.push_back(waiting_.front().leases[lease]);
  ++tries_;
  next_try_ = now + kPause;
  // One that was in the middle of a turn may have answered the last one by what was before.
  const std::optional<std::uint64_t> plan = way_.plan();
  settled_tries_ = plan && plan == plan_ ? settled_tries_ + 1 : 0;
  plan_ = plan;
  piece_.emplace(std::move(leases), way_.workers);
  way_.import(*piece_);
}

void LeaseImports::hear(Instant now) {
  using Said = LeaseImport::Answer;
  std::vector<std::size_t> open;
  for (std::size_t i = 0; i < open_.size(); ++i) {
    Said answer = Said::not_mine;
    for (const auto& answers : piece_->answers) answer = std::max(answer, answers[i]);
    settle(open_[i], answer);
    const bool is_open = answer == Said::not_mine || answer == Said::moved;
    if (is_open) open.push_back(open_[i]);
  }
  piece_.reset();
  open_ = std::move(open);
  next_try_ = now + kPause;
  // With one worker nothing is ever on its way.
  const unsigned tries_max = way_.workers == 1 ? 1 : kTriesMax;
  if (open_.empty() || tries_ < tries_max) return;
  const bool any_moves = std::ranges::any_of(open_, [this](std::size_t i) { return moved_[i]; });
  if (any_moves && tries_ < kMovesMax) return;
  // A reload may just be bringing these addresses: the workers are asked again after it.
  if (settled_tries_ < tries_max || plan_ != way_.plan()) {
    give_up_at_ = std::min(now + kPatience, end_at_);
    return;
  }
  add_outside();
}

void LeaseImports::settle(std::size_t lease, LeaseImport::Answer answer) {
  using Said = LeaseImport::Answer;
  switch (answer) {
    case Said::not_mine:
      return;
    case Said::moved:
      moved_[lease] = true;
      return;
    case Said::known:
      fates_[lease] = Fate::known;
      return;
    case Said::held:
      fates_[lease] = Fate::held;
      return;
    case Said::elsewhere:
      fates_[lease] = Fate::elsewhere;
      return;
    case Said::taken:
      fates_[lease] = Fate::taken;
      ++taken_;
      return;
  }
}

// What is in no pool is only recorded, as it is by an import with no server.
void LeaseImports::add_outside() {
  std::erase_if(open_, [this](std::size_t lease) { return moved_[lease]; });
  if (open_.empty()) return;
  addition_.emplace();
  for (const std::size_t lease : open_) {
    addition_->leases.push_back(waiting_.front().leases[lease]);
    outside_.push_back(addition_->leases.back().address);
  }
  way_.add(*addition_);
}

void LeaseImports::hear_store() {
  for (std::size_t i = 0; i < open_.size(); ++i) {
    fates_[open_[i]] = addition_->added[i] ? Fate::taken : Fate::known;
    taken_ += addition_->added[i] ? 1 : 0;
  }
  addition_.reset();
  open_.clear();
}

void LeaseImports::finish(const Result& result) {
  const Waiting ended = std::move(waiting_.front());
  waiting_.pop_front();
  begun_ = false;
  ended.done(result);
}

}  // namespace reveille
