#include "control/leases/lease_orders.h"

#include <algorithm>
#include <utility>

namespace reveille {

void LeaseOrders::ask(LeaseOrder::Kind kind, Ipv4Address address, Done done) {
  if (waiting_.size() == kWaitingMax) {
    return done(tl::unexpected(std::string("too many others wait to change leases")));
  }
  waiting_.push_back({{.kind = kind, .address = address}, std::move(done)});
}

void LeaseOrders::turn(Instant now) {
  way_.answers([this](const LeaseOrderAnswer& answer) { hear(answer); });
  if (sent_ && all_answered()) conclude();
  if (sent_ && now > give_up_at_) give_up();
  if (!sent_ && !waiting_.empty()) send(now);
}

void LeaseOrders::send(Instant now) {
  if (!begun_) give_up_at_ = now + kPatience;
  begun_ = true;
  LeaseOrder& order = waiting_.front().order;
  order.until = give_up_at_ - kTimeToAnswer;
  order.number = ++number_;
  answers_ = 0;
  answer_ = LeaseOrderAnswer::Kind::not_mine;
  // What a worker that hangs has not taken comes to its end by patience.
  way_.order(order);
  sent_ = true;
}

void LeaseOrders::hear(const LeaseOrderAnswer& answer) {
  if (!sent_ || answer.number != number_) return;  // given up
  ++answers_;
  answer_ = std::max(answer_, answer.kind);
}

// Somebody has not answered. Who has done it was the owner.
void LeaseOrders::give_up() {
  if (answer_ == LeaseOrderAnswer::Kind::done) return finish({});
  finish(tl::unexpected(waiting_.front().order.address.text() +
                        ": a worker or the disk does not answer, and it may or may not have been "
                        "done; see \"reveille leases\""));
}

void LeaseOrders::conclude() {
  using Kind = LeaseOrderAnswer::Kind;
  const LeaseOrder& order = waiting_.front().order;
  const bool is_release = order.kind == LeaseOrder::Kind::release;
  const std::string address = order.address.text();
  switch (answer_) {
    case Kind::done:
      return finish({});
    case Kind::as_it_was:
      return finish(
          tl::unexpected(address + (is_release ? " is free already" : " is reserved already")));
    case Kind::too_late:
      return finish(
          tl::unexpected(address + ": the workers or the disk are too slow; nothing has changed"));
    case Kind::busy:
      nobodys_ = 0;
      sent_ = false;  // until patience ends
      return;
    case Kind::not_mine:
      if (++nobodys_ < kTriesMax) {
        sent_ = false;
        return;
      }
      return finish(tl::unexpected(address + " is in no pool of this server"));
  }
}

void LeaseOrders::finish(const Result& result) {
  const Waiting ended = std::move(waiting_.front());
  waiting_.pop_front();
  sent_ = false;
  begun_ = false;
  nobodys_ = 0;
  ended.done(result);
}

}  // namespace reveille
