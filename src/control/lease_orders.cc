#include "control/lease_orders.h"

#include <utility>

namespace reveille {

void LeaseOrders::ask(LeaseOrder::Kind kind, Ipv4Address address, Done done) {
  if (waiting_.size() == kWaitingMax) {
    return done(tl::unexpected(std::string("too many others wait to change leases")));
  }
  waiting_.push_back({{.kind = kind, .address = address}, std::move(done)});
}

void LeaseOrders::turn(Instant now) {
  workers_.take_order_answers([this](const LeaseOrderAnswer& answer) { hear(answer); });
  if (sent_ && all_answered()) conclude();
  if (sent_ && now > give_up_at_) {
    finish(tl::unexpected(std::string("no answer from the workers; see the log")));
  }
  if (!sent_ && !waiting_.empty()) send(now);
}

void LeaseOrders::send(Instant now) {
  if (tries_ == 0) give_up_at_ = now + kPatience;
  LeaseOrder& order = waiting_.front().order;
  order.number = ++number_;
  answers_ = 0;
  answer_ = LeaseOrderAnswer::Kind::not_mine;
  ++tries_;
  // What a worker that hangs has not taken comes to its end by patience.
  workers_.order_lease(order);
  sent_ = true;
}

void LeaseOrders::hear(const LeaseOrderAnswer& answer) {
  if (!sent_ || answer.number != number_) return;  // given up
  ++answers_;
  if (answer.kind != LeaseOrderAnswer::Kind::not_mine) answer_ = answer.kind;
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
    case Kind::busy:
      sent_ = false;  // until patience ends
      return;
    case Kind::not_mine:
      if (tries_ < kTriesMax) {
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
  tries_ = 0;
  ended.done(result);
}

}  // namespace reveille
