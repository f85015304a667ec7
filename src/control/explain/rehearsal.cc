#include "control/explain/rehearsal.h"

#include "control/replay/replay.h"
#include "packet/classify.h"

namespace reveille {
namespace {

constexpr std::size_t kFrameMax = 2048;

}  // namespace

Rehearsal::Rehearsal(std::shared_ptr<const Config> config, std::vector<Station> stations)
    : config_(std::move(config)),
      images_(config_->images, config_->tftp.ignore_case),
      snapshots_(config_, std::move(stations)),
      room_(kFrameMax * kRepliesPerRequest) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].head = &room_[i * kFrameMax];
    slots_[i].capacity = kFrameMax;
  }
}

tl::expected<std::unique_ptr<Rehearsal>, std::string> Rehearsal::start(
    std::shared_ptr<const Config> config, std::vector<Station> stations) {
  std::unique_ptr<Rehearsal> rehearsal(new Rehearsal(std::move(config), std::move(stations)));
  const Config& said = *rehearsal->config_;
  if (said.tftp.enabled && !said.images.root.empty()) {
    if (auto loaded = rehearsal->images_.load(); !loaded) return tl::unexpected(loaded.error());
  }
  auto snapshot = rehearsal->snapshots_.build(rehearsal->images_.catalogue(), nullptr);
  if (!snapshot) return tl::unexpected(snapshot.error());
  rehearsal->snapshot_ = std::move(*snapshot);
  rehearsal->responder_ =
      std::make_unique<Responder>(*rehearsal->snapshot_, Share{0, 1}, mix(kReplaySeed));
  return rehearsal;
}

wire::Checked<Request> Rehearsal::read(Bytes frame, std::uint16_t port) const {
  return classify(frame, {.port = port}, *snapshot_);
}

Context Rehearsal::context(Replies& replies, Events& events, Outbox& outbox) {
  return {now_, *snapshot_, replies, events, outbox, links_};
}

std::optional<DhcpEngine::Considered> Rehearsal::consider(const Request& request,
                                                          wire::DhcpView& message) {
  const auto parsed = wire::DhcpView::parse(request.body);
  if (!parsed) return std::nullopt;
  message = *parsed;
  Replies replies(slots_);
  Events events(events_);
  Outbox outbox({});
  return responder_->dhcp().consider(request, message, context(replies, events, outbox));
}

Rehearsal::Answer Rehearsal::answer(const Request& request, Instant now) {
  now_ = std::max(now_, now);
  Replies replies(slots_);
  Events events(events_);
  Outbox outbox({});  // there is no other worker
  const Context here = context(replies, events, outbox);
  responder_->tick(here);
  replies.clear();
  Answer answer;
  answer.outcome = responder_->handle(request, here);
  for (const Reply& reply : replies.all()) {
    answer.frames.emplace_back(reply.head, reply.head + reply.length);
  }
  return answer;
}

}  // namespace reveille
