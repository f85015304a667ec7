#include "link/engine.h"
#include "link/host.h"

namespace reveille {
namespace {

TEST_F(Host, AnswersArpAsLinuxDid) {
  EXPECT_EQ(send(captured("ipxe_arp_request"), answer_arp), Outcome::arp_answered);
  EXPECT_EQ(reply(), captured("linux_arp_reply"));
  EXPECT_EQ(slots_[0].station, 0);
}

TEST_F(Host, AnswersArpOnTheTagOfTheRequest) {
  Octets question = tagged(captured("ipxe_arp_request"), 10);
  EXPECT_EQ(send(question, answer_arp), Outcome::arp_other);  // asks for the untagged address
  store_be32(&question[42], Ipv4Address::of(10, 79, 0, 1).value);
  EXPECT_EQ(send(question, answer_arp), Outcome::arp_answered);
  const Octets answer = reply();
  EXPECT_EQ(load_be32(&answer[12]), 0x8100000aU);
  EXPECT_EQ(answer.size(), 46U);
  EXPECT_EQ(slots_[0].station, 1);
}

TEST_F(Host, AnswersAProbeForItsAddress) {
  Octets probe = captured("ipxe_arp_request");
  store_be32(&probe[28], 0);
  EXPECT_EQ(send(probe, answer_arp), Outcome::arp_answered);
  EXPECT_EQ(load_be32(&reply()[38]), 0U);
}

TEST_F(Host, OtherArpIsPassed) {
  for (const char* name : {"ipxe_arp_reply", "e1000_arp_reply", "ipxe_arp_gratuitous"}) {
    EXPECT_EQ(send(captured(name), answer_arp), Outcome::arp_other) << name;
    EXPECT_TRUE(silent());
  }
  // Somebody claims our address.
  Octets claim = captured("ipxe_arp_request");
  store_be32(&claim[28], Ipv4Address::of(10, 78, 0, 1).value);
  EXPECT_EQ(send(claim, answer_arp), Outcome::arp_other);
  EXPECT_TRUE(silent());
}

TEST_F(Host, MalformedBodiesAreNamedHereToo) {
  const Request request;
  const Context context{now_, snapshot_, replies_, events_, outbox_, links_};
  EXPECT_EQ(answer_arp(request, context), Outcome::arp_malformed);
  EXPECT_EQ(answer_echo(request, context), Outcome::icmp_malformed);
}

TEST_F(Host, AnswersEcho) {
  for (const unsigned length : {0U, 1U, 56U, 57U, 1472U}) {
    const Octets ping = echo_request_frame(length);
    ASSERT_EQ(send(ping, answer_echo), Outcome::icmp_echo_answered);
    const Octets pong = reply();
    ASSERT_EQ(pong.size(), ping.size());
    EXPECT_EQ(MacAddress::from(&pong[0]), kClient);
    EXPECT_EQ(MacAddress::from(&pong[6]), kMac);
    EXPECT_EQ(wire::sum(Bytes{pong}.subspan(14, 20)), 0xffff);
    EXPECT_EQ(load_be32(&pong[26]), Ipv4Address::of(10, 78, 0, 1).value);
    EXPECT_EQ(load_be32(&pong[30]), Ipv4Address::of(10, 78, 0, 152).value);
    EXPECT_EQ(load_be16(&pong[34]), 0);
    EXPECT_EQ(wire::sum(Bytes{pong}.subspan(34)), 0xffff);
    EXPECT_TRUE(std::equal(pong.begin() + 38, pong.end(), ping.begin() + 38));
  }
}

TEST_F(Host, DoesNotAnswerAnEchoBeyondTheMtu) {
  snapshot_.stations[0].mtu = 576;
  EXPECT_EQ(send(echo_request_frame(576 - 28), answer_echo), Outcome::icmp_echo_answered);
  EXPECT_EQ(send(echo_request_frame(576 - 27), answer_echo), Outcome::icmp_other);
  EXPECT_TRUE(silent());
  snapshot_.stations[0].mtu = 9000;  // more than the slot takes
  EXPECT_EQ(send(echo_request_frame(4000), answer_echo), Outcome::icmp_other);
  EXPECT_TRUE(silent());
}

TEST_F(Host, SaysSoWhenNoReplyIsLeft) {
  EXPECT_EQ(send(captured("ipxe_arp_request"), without_slots(answer_arp)),
            Outcome::reply_buffers_exhausted);
  EXPECT_EQ(send(echo_request_frame(8), without_slots(answer_echo)),
            Outcome::reply_buffers_exhausted);
}

}  // namespace
}  // namespace reveille
