#include <reveille/wire/icmpv6.h>

#include "link/engine.h"
#include "link/host.h"
#include "packet/booting_clients.h"

namespace reveille {
namespace {

using wire::Ipv6View;

class Discovery : public Host {
 protected:
  // The answer's IPv6 packet; what is outside of it is looked at here.
  Ipv6View answer(const MacAddress& destination) {
    answer_ = reply();
    EXPECT_EQ(MacAddress::from(&answer_[0]), destination);
    EXPECT_EQ(MacAddress::from(&answer_[6]), kMac);
    EXPECT_EQ(load_be16(&answer_[12]), 0x86dd);
    const auto view = Ipv6View::parse(Bytes{answer_}.subspan(14));
    EXPECT_TRUE(view);
    EXPECT_EQ(view->hop_limit(), 255);
    EXPECT_EQ(view->packet().size(), answer_.size() - 14);
    return *view;
  }
  auto router_solicitation() {
    return [this](const Request& request, const Context& context) {
      return answer_router_solicitation(request, context, booting_);
    };
  }
  Outcome solicit(const Octets& frame) { return send(frame, router_solicitation()); }
  // EDK2's solicitation, of our address instead of Linux's.
  Octets neighbour_solicitation(bool to_group) const {
    Octets frame = captured("edk2_neighbour_solicitation");
    const Ipv6Address destination = to_group ? wire::solicited_node(kOurs) : kOurs;
    const MacAddress mac = to_group ? wire::group_mac(destination) : kMac;
    std::ranges::copy(mac.octets, &frame[0]);
    std::ranges::copy(destination.octets, &frame[38]);
    std::ranges::copy(kOurs.octets, &frame[62]);
    mend_icmpv6_checksum(frame);
    return frame;
  }

  static inline const Ipv6Address kOurs = Ipv6Address::link_local(kMac);
  BootingClients booting_{16, 1};
  Octets answer_;
};

TEST_F(Discovery, AnswersNeighboursByUnicastAndByGroup) {
  const MacAddress asker = *MacAddress::parse("52:54:00:aa:01:07");
  for (const bool to_group : {false, true}) {
    EXPECT_EQ(send(neighbour_solicitation(to_group), answer_neighbour_solicitation),
              Outcome::neighbour_answered);
    const auto view = wire::NeighbourAdvertisementView::parse(answer(asker));
    ASSERT_TRUE(view);
    EXPECT_EQ(view->source(), kOurs);
    EXPECT_EQ(view->destination(), Ipv6Address::link_local(asker));
    EXPECT_EQ(view->target(), kOurs);
    EXPECT_EQ(view->target_mac(), kMac);
    EXPECT_TRUE(view->solicited());
    EXPECT_TRUE(view->override_entry());
    EXPECT_FALSE(view->router());
  }
}

TEST_F(Discovery, DefendsItsAddress) {
  // EDK2's duplicate address detection, for our address.
  Octets frame = captured("edk2_dad");
  std::ranges::copy(wire::group_mac(wire::solicited_node(kOurs)).octets, &frame[0]);
  std::ranges::copy(wire::solicited_node(kOurs).octets, &frame[38]);
  std::ranges::copy(kOurs.octets, &frame[62]);
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(send(frame, answer_neighbour_solicitation), Outcome::neighbour_answered);
  const auto view =
      wire::NeighbourAdvertisementView::parse(answer(*MacAddress::parse("33:33:00:00:00:01")));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->destination(), wire::all_nodes());
  EXPECT_FALSE(view->solicited());
}

TEST_F(Discovery, OtherTargetsAreNotOurs) {
  Octets frame = neighbour_solicitation(true);
  frame[62 + 8] ^= 0x10;  // the same solicited-node group, another address
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(send(frame, answer_neighbour_solicitation), Outcome::ipv6_other);
  EXPECT_TRUE(silent());
}

TEST_F(Discovery, ABootingClientHearsThatThereIsNoRouter) {
  booting_.saw(kClient, now_);
  EXPECT_EQ(solicit(captured("ipxe_router_solicitation")), Outcome::router_solicitation_answered);
  const auto view = wire::RouterAdvertisementView::parse(answer(kClient));
  ASSERT_TRUE(view);
  EXPECT_EQ(view->source(), kOurs);
  EXPECT_EQ(view->destination(), Ipv6Address::link_local(kClient));
  EXPECT_EQ(view->router_lifetime_s(), 0);
  EXPECT_FALSE(view->managed());
  EXPECT_FALSE(view->other_configuration());
  EXPECT_EQ(view->source_mac(), kMac);

  ASSERT_EQ(events_.all().size(), 1U);
  const Event& event = events_.all()[0];
  EXPECT_EQ(event.kind, EventKind::router_advertised);
  EXPECT_EQ(event.outcome, Outcome::router_solicitation_answered);
  EXPECT_EQ(event.client, kClient);
  EXPECT_EQ(event.vlan, 0);
  EXPECT_EQ(event.at, now_);
}

TEST_F(Discovery, AnswersOnTheTagOfTheRequest) {
  booting_.saw(kClient, now_);
  EXPECT_EQ(solicit(tagged(captured("ipxe_router_solicitation"), 10)),
            Outcome::router_solicitation_answered);
  EXPECT_EQ(load_be32(&reply()[12]), 0x8100000aU);
  EXPECT_EQ(slots_[0].station, 1);
  EXPECT_EQ(events_.all()[0].vlan, 10);
}

TEST_F(Discovery, WhoDoesNotBootHearsNothing) {
  EXPECT_EQ(solicit(captured("ipxe_router_solicitation")), Outcome::router_solicitation_other);
  EXPECT_TRUE(silent());
  booting_.saw(kClient, now_);
  now_ += BootingClients::kMemory;
  EXPECT_EQ(solicit(captured("ipxe_router_solicitation")), Outcome::router_solicitation_other);
  EXPECT_TRUE(silent());
  EXPECT_TRUE(events_.all().empty());
}

TEST_F(Discovery, TheConfigurationCanForbidIt) {
  booting_.saw(kClient, now_);
  config_->boot.quiet_router_advertisement = false;
  EXPECT_EQ(solicit(captured("ipxe_router_solicitation")), Outcome::router_solicitation_other);
  EXPECT_TRUE(silent());
}

TEST_F(Discovery, NobodyCanBeAnsweredAtTheUnspecifiedAddress) {
  booting_.saw(*MacAddress::parse("52:54:00:aa:01:07"), now_);
  EXPECT_EQ(solicit(captured("edk2_router_solicitation")), Outcome::router_solicitation_other);
  EXPECT_TRUE(silent());
}

TEST_F(Discovery, ARealRouterSilencesUsForItsLifetimeOnItsLink) {
  booting_.saw(kClient, now_);
  EXPECT_EQ(send(captured("radvd_advertisement"), note_router_advertisement),
            Outcome::router_advertisement_heard);
  EXPECT_TRUE(silent());
  EXPECT_EQ(solicit(captured("ipxe_router_solicitation")), Outcome::router_solicitation_other);
  EXPECT_EQ(solicit(tagged(captured("ipxe_router_solicitation"), 10)),
            Outcome::router_solicitation_answered);

  // A second router with a shorter life changes nothing.
  Octets brief = captured("radvd_advertisement");
  store_be16(&brief[60], 10);
  mend_icmpv6_checksum(brief);
  EXPECT_EQ(send(brief, note_router_advertisement), Outcome::router_advertisement_heard);
  now_ += std::chrono::seconds{1799};
  booting_.saw(kClient, now_);
  EXPECT_EQ(solicit(captured("ipxe_router_solicitation")), Outcome::router_solicitation_other);
  now_ += std::chrono::seconds{1};
  EXPECT_EQ(solicit(captured("ipxe_router_solicitation")), Outcome::router_solicitation_answered);
}

TEST_F(Discovery, AnAdvertisementWithoutLifetimeIsNoRouter) {
  booting_.saw(kClient, now_);
  Octets frame = captured("radvd_advertisement");
  store_be16(&frame[60], 0);
  mend_icmpv6_checksum(frame);
  EXPECT_EQ(send(frame, note_router_advertisement), Outcome::ipv6_other);
  EXPECT_EQ(solicit(captured("ipxe_router_solicitation")), Outcome::router_solicitation_answered);
}

TEST_F(Discovery, MalformedPacketsAreNamedHereToo) {
  const Context context{now_, snapshot_, replies_, events_, outbox_, links_};
  Request request;
  EXPECT_EQ(answer_neighbour_solicitation(request, context), Outcome::ipv6_malformed);
  EXPECT_EQ(answer_router_solicitation(request, context, booting_), Outcome::ipv6_malformed);
  EXPECT_EQ(note_router_advertisement(request, context), Outcome::ipv6_malformed);
  const Octets advertisement = captured("edk2_neighbour_advertisement");
  request.network = Bytes{advertisement}.subspan(14);
  EXPECT_EQ(answer_neighbour_solicitation(request, context), Outcome::icmpv6_malformed);
  EXPECT_EQ(answer_router_solicitation(request, context, booting_), Outcome::icmpv6_malformed);
  EXPECT_EQ(note_router_advertisement(request, context), Outcome::icmpv6_malformed);
}

TEST_F(Discovery, SaysSoWhenNoReplyIsLeft) {
  booting_.saw(kClient, now_);
  EXPECT_EQ(send(captured("ipxe_router_solicitation"), without_slots(router_solicitation())),
            Outcome::reply_buffers_exhausted);
  EXPECT_TRUE(events_.all().empty());
  EXPECT_EQ(send(neighbour_solicitation(false), without_slots(answer_neighbour_solicitation)),
            Outcome::reply_buffers_exhausted);
}

}  // namespace
}  // namespace reveille
