// Us on one port, untagged and on VLAN 10, and a wire to send frames to us on.
#pragma once

#include <array>
#include <memory>

#include <gtest/gtest.h>

#include "packet/classify.h"
#include "packet/context.h"
#include "packet/snapshot.h"
#include "vectors/frames.h"
#include "vectors/vectors.h"

namespace reveille {

class Host : public testing::Test {
 protected:
  Host() {
    config_ = std::make_shared<Config>();
    snapshot_.config = config_;
    for (const std::uint16_t vlan : {std::uint16_t{0}, std::uint16_t{10}}) {
      Station station;
      station.vlan = vlan;
      station.mac = kMac;
      station.address = *Ipv4Prefix::parse(vlan == 0 ? "10.78.0.1/24" : "10.79.0.1/24");
      station.link_local = Ipv6Address::link_local(kMac);
      snapshot_.stations.push_back(station);
    }
    for (std::size_t i = 0; i < slots_.size(); ++i) {
      slots_[i].head = heads_[i].data();
      slots_[i].capacity = static_cast<std::uint16_t>(heads_[i].size() - 8);
    }
  }

  // Classifies a frame and gives it to `answer(request, context)`. The frame must get that far.
  template <class Answer>
  Outcome send(const Octets& frame, Answer&& answer) {
    for (auto& head : heads_) head.fill(0xa5);
    replies_.clear();
    events_.clear();
    frame_ = frame;
    const auto request = classify(frame_, {}, snapshot_);
    EXPECT_TRUE(request) << info(request.refusal()).name;
    const Context context{now_, snapshot_, replies_, events_, outbox_, links_};
    return answer(*request, context);
  }
  // The only reply; nothing was written behind it.
  [[nodiscard]] Octets reply() const {
    EXPECT_EQ(slots_.size() - replies_.free(), 1U);
    const Reply& only = slots_[0];
    EXPECT_EQ(heads_[0][only.length], 0xa5);
    EXPECT_EQ(only.payload.length, 0);
    return {only.head, only.head + only.length};
  }
  [[nodiscard]] bool silent() const { return replies_.free() == slots_.size(); }

  static inline const MacAddress kMac = *MacAddress::parse("fa:40:f8:d2:05:89");
  static inline const MacAddress kClient = *MacAddress::parse("52:54:00:aa:01:01");

  std::shared_ptr<Config> config_;
  Snapshot snapshot_;
  Instant now_{std::chrono::hours{1}};
  LinkState links_;
  std::array<std::array<std::uint8_t, 1522 + 8>, 2> heads_{};
  std::array<Reply, 2> slots_{};
  std::array<Event, 4> event_slots_{};
  Replies replies_{slots_};
  Events events_{event_slots_};
  Outbox outbox_{{}};
  Octets frame_;
};

// The frame with a tag behind its addresses.
inline Octets tagged(Octets frame, std::uint16_t vlan) {
  Octets tag(4);
  store_be16(&tag[0], 0x8100);
  store_be16(&tag[2], vlan);
  frame.insert(frame.begin() + 12, tag.begin(), tag.end());
  return frame;
}

// Answers after all reply slots are gone.
template <class Answer>
auto without_slots(Answer answer) {
  return [answer](const Request& request, const Context& context) {
    while (context.replies.take() != nullptr) {
    }
    return answer(request, context);
  };
}

}  // namespace reveille
