// Replies on their way out: gathered and copied, refused and running short.
#include "worker/transmit.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>

#include <gtest/gtest.h>

#include "image/memory_image.h"
#include "port/port.h"
#include "worker/image_access.h"
#include "worker/ring_port.h"

namespace reveille {
namespace {

using test::make_image;
using test::RingPort;

// Octets of which neighbouring stretches differ.
Octets pattern(std::size_t size) {
  Octets octets(size);
  for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i * 7 + i / 251);
  return octets;
}

class TransmitTest : public testing::Test {
 protected:
  void open(RingPort::Shape shape = {}, PoolSizes sizes = {1024, 1024, 1024}) {
    wire_.emplace(shape);
    pools_ = *Pools::create(2, sizes);
    auto port = Port::open(*PortPlan::make(wire_->config(), 1), pools_->receive.get());
    ASSERT_TRUE(port) << port.error();
    ASSERT_TRUE(port->start());
    port_.emplace(std::move(*port));
    stations_ = Stations{Station{.port = port_->id()}};
    access_.admit(*image_);
  }
  // Frames are freed into pools: wire and port go first.
  void TearDown() override {
    port_.reset();
    wire_.reset();
  }

  Transmit& sender(bool gathers, Share share = {}, unsigned queue_owner = 0,
                   std::size_t held_max = 0) {
    const Lane lane{.port = port_->id(), .queue = 0, .owner = queue_owner, .gathers = gathers};
    senders_.push_back(std::make_unique<Transmit>(
        share, pools_->heads[share.index].get(), pools_->payloads[share.index].get(),
        std::vector{lane}, rings_, statistics_, held_max));
    return *senders_.back();
  }

  // A reply with a head of `head_length` octets and, if any, `length` octets of the image.
  static void fill(Reply& reply, std::size_t head_length, const Image* image = nullptr,
                   std::uint64_t offset = 0, std::uint16_t length = 0) {
    for (std::size_t i = 0; i < head_length; ++i) {
      reply.head[i] = static_cast<std::uint8_t>(0x40 + i);
    }
    reply.length = static_cast<std::uint16_t>(head_length);
    if (image != nullptr) reply.payload = {image->bytes().data() + offset, length, image};
  }

  std::optional<RingPort> wire_;
  std::optional<Pools> pools_;
  std::optional<Port> port_;
  Stations stations_;
  Rings rings_{2, true};
  ImageAccess access_{2, {}};
  std::shared_ptr<const Image> image_ = make_image("kernel", pattern(100000));
  WorkerStatistics statistics_;
  std::vector<std::unique_ptr<Transmit>> senders_;
};

TEST_F(TransmitTest, GatheredAndCopiedPayloadsAreTheSameOctets) {
  open();
  std::vector<Octets> sent[2];
  for (const bool gathers : {false, true}) {
    Transmit& transmit = sender(gathers);
    for (const std::uint16_t length :
         std::vector<std::uint16_t>{0, 1, 3, 511, 512, 513, 1428, 1468}) {
      fill(*transmit.replies().take(), 46, image_.get(), 77, length);
    }
    transmit.flush(stations_);
    sent[gathers] = wire_->collect();
  }
  EXPECT_EQ(sent[0], sent[1]);
  ASSERT_EQ(sent[0].size(), 8u);
  const Octets& shortest = sent[0][1];
  EXPECT_EQ(shortest.size(), 60U) << "the least of Ethernet";
  EXPECT_EQ(shortest[46], image_->bytes()[77]);
  EXPECT_EQ(std::count(shortest.begin() + 47, shortest.end(), 0), 13);
  const Octets& last = sent[0].back();
  EXPECT_TRUE(std::equal(last.begin() + 46, last.end(), image_->bytes().begin() + 77));
  EXPECT_EQ(statistics_.frames_sent, 16u);
  EXPECT_EQ(statistics_.payloads_gathered, 4u);  // those of 512 octets and more, once
  EXPECT_EQ(statistics_.payloads_copied, 10u);
}

// An ACK with a ticket, as the DHCP engine leaves it.
void promise(Reply& reply, std::uint64_t ticket, std::size_t length, WorkerStatistics& statistics) {
  std::fill_n(reply.head, length, std::uint8_t{0x40});
  reply.length = static_cast<std::uint16_t>(length);
  reply.ticket = ticket;
  reply.outcome = Outcome::dhcp_acked;
  statistics.outcomes.add(Outcome::dhcp_acked);
}

TEST_F(TransmitTest, AnAckLeavesWhenItsLeaseIsOnDiskAndInOrder) {
  open();
  Transmit& transmit = sender(false, {}, 0, 8);
  transmit.release(0, Instant{} + 1s);
  for (const std::uint64_t ticket : {1, 2, 2, 3}) {
    promise(*transmit.replies().take(), ticket, 60 + ticket, statistics_);
  }
  fill(*transmit.replies().take(), 100);  // an offer
  transmit.flush(stations_);
  std::vector<Octets> sent = wire_->collect();
  ASSERT_EQ(sent.size(), 1U);
  EXPECT_EQ(sent[0].size(), 100U);
  EXPECT_EQ(transmit.held(), 4U);
  EXPECT_EQ(transmit.release(0, Instant{} + 1s), 0U);
  EXPECT_EQ(transmit.release(2, Instant{} + 1s), 3U);
  sent = wire_->collect();
  ASSERT_EQ(sent.size(), 3U);
  EXPECT_EQ(sent[0].size(), 61U);
  EXPECT_EQ(sent[2].size(), 62U);
  EXPECT_EQ(transmit.held(), 1U);
  // On disk already: it does not wait.
  promise(*transmit.replies().take(), 2, 70, statistics_);
  transmit.flush(stations_);
  EXPECT_EQ(wire_->collect().size(), 1U);
  EXPECT_EQ(statistics_.outcomes[Outcome::dhcp_acked], 5U);
}

TEST_F(TransmitTest, AnAckThatWaitsTooLongOrFindsNoRoomIsDroppedAndCounted) {
  open();
  Transmit& transmit = sender(false, {}, 0, 2);
  transmit.release(0, Instant{} + 1s);
  for (std::uint64_t ticket = 1; ticket <= 3; ++ticket) {
    promise(*transmit.replies().take(), ticket, 60, statistics_);
  }
  transmit.flush(stations_);
  EXPECT_EQ(statistics_.outcomes[Outcome::lease_store_full], 1U);
  EXPECT_EQ(transmit.release(1, Instant{} + 1s + Transmit::kHeldFor), 1U);
  EXPECT_EQ(transmit.release(1, Instant{} + 1s + Transmit::kHeldFor + 1ns), 1U);
  EXPECT_EQ(statistics_.outcomes[Outcome::lease_store_late], 1U);
  EXPECT_EQ(statistics_.outcomes[Outcome::dhcp_acked], 1U);
  EXPECT_EQ(statistics_.outcomes.total(), 3U);
  EXPECT_EQ(wire_->collect().size(), 1U);
  EXPECT_EQ(transmit.held(), 0U);
}

TEST_F(TransmitTest, AFrameInFlightHoldsTheImage) {
  open();
  Transmit& transmit = sender(true);
  EXPECT_FALSE(access_.in_flight(*image_));
  for (int i = 0; i < 50; ++i) fill(*transmit.replies().take(), 46, image_.get(), 0, 1000);
  transmit.flush(stations_);
  EXPECT_TRUE(access_.in_flight(*image_));
  wire_->collect();
  EXPECT_FALSE(access_.in_flight(*image_));
}

TEST_F(TransmitTest, AnImageFromAFileThatMayShrinkIsCopied) {
  class Shrinking : public test::VectorStorage {
   public:
    using VectorStorage::VectorStorage;
    [[nodiscard]] bool resident() const override { return false; }
  };
  open();
  const Image image("big", std::make_unique<Shrinking>(pattern(5000)));
  access_.admit(image);
  Transmit& transmit = sender(true);
  fill(*transmit.replies().take(), 46, &image, 0, 1468);
  transmit.flush(stations_);
  EXPECT_EQ(statistics_.payloads_copied, 1u);
  EXPECT_FALSE(access_.in_flight(image));
}

TEST_F(TransmitTest, AnImageThatWasNotAdmittedIsCopied) {
  open();
  const auto image = make_image("stranger", pattern(5000));
  Transmit& transmit = sender(true);
  fill(*transmit.replies().take(), 46, image.get(), 0, 1468);
  transmit.flush(stations_);
  EXPECT_EQ(statistics_.payloads_copied, 1u);
  ASSERT_EQ(wire_->collect().size(), 1u);
}

TEST_F(TransmitTest, ShortFramesArePaddedWithZeros) {
  open();
  Transmit& transmit = sender(true);
  Reply& reply = *transmit.replies().take();
  std::fill_n(reply.head, 60, std::uint8_t{0xee});  // what an earlier frame left there
  fill(reply, 42);
  transmit.flush(stations_);
  const auto frames = wire_->collect();
  ASSERT_EQ(frames.size(), 1u);
  ASSERT_EQ(frames[0].size(), 60u);
  EXPECT_TRUE(std::all_of(frames[0].begin() + 42, frames[0].end(), [](auto o) { return o == 0; }));
}

TEST_F(TransmitTest, AFullQueueGetsWhatItTakesAndTheRestIsCounted) {
  open({.transmit_room = 40});
  Transmit& transmit = sender(true);
  for (int i = 0; i < 100; ++i) fill(*transmit.replies().take(), 60, image_.get(), 0, 1000);
  transmit.flush(stations_);
  EXPECT_EQ(statistics_.frames_sent, 40u);
  EXPECT_EQ(statistics_.frames_unsent, 60u);
  EXPECT_EQ(wire_->collect().size(), 40u);
  EXPECT_FALSE(access_.in_flight(*image_));  // the unsent ones gave their references back
}

TEST_F(TransmitTest, KeepsAWholeWindowFreeBeforeEachRequest) {
  open({}, {1024, 2048, 64});
  Transmit& transmit = sender(true);
  for (int request = 0; request < 20; ++request) {
    transmit.make_room(stations_);
    ASSERT_GE(transmit.replies().free(), kRepliesPerRequest);
    for (std::size_t i = 0; i < kRepliesPerRequest; ++i) fill(*transmit.replies().take(), 60);
  }
  transmit.flush(stations_);
  EXPECT_EQ(wire_->collect().size(), 20 * kRepliesPerRequest);
  EXPECT_EQ(statistics_.frames_unsent, 0u);
}

TEST_F(TransmitTest, ADryPoolOffersFewerRepliesAndRecovers) {
  open({}, {1024, 300, 300});
  Transmit& transmit = sender(true);
  const auto send = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) fill(*transmit.replies().take(), 60);
    transmit.flush(stations_);
  };
  ASSERT_EQ(transmit.replies().free(), kReplySlots);
  send(100);  // the wire holds 100 of 300 buffers now
  EXPECT_EQ(transmit.replies().free(), 200u);
  send(150);
  EXPECT_EQ(transmit.replies().free(), 50u);
  send(50);
  EXPECT_EQ(transmit.replies().free(), 0u);
  EXPECT_EQ(transmit.replies().take(), nullptr);
  EXPECT_EQ(wire_->collect().size(), 300u);
  transmit.make_room(stations_);
  EXPECT_EQ(transmit.replies().free(), kReplySlots);
  // Each slot has an mbuf of its own again.
  std::set<const std::uint8_t*> heads;
  while (const Reply* reply = transmit.replies().take()) heads.insert(reply->head);
  EXPECT_EQ(heads.size(), kReplySlots);
  transmit.replies().clear();
}

TEST_F(TransmitTest, WithoutSegmentsPayloadsAreCopied) {
  open({}, {1024, 600, 20});
  Transmit& transmit = sender(true);
  for (int i = 0; i < 50; ++i) fill(*transmit.replies().take(), 46, image_.get(), 0, 1000);
  transmit.flush(stations_);
  EXPECT_EQ(statistics_.payloads_gathered, 20u);
  EXPECT_EQ(statistics_.payloads_copied, 30u);
  EXPECT_EQ(wire_->collect().size(), 50u);
}

// Segments are taken many at a time: what does not come in such a number is used all the same, and
// what was not used goes back.
TEST_F(TransmitTest, EverySegmentOfThePoolIsUsedAndGivenBack) {
  constexpr unsigned kSegments = 2 * kBurst + 9;
  open({}, {1024, 600, kSegments});
  const rte_mempool* const segments = pools_->payloads[0].get();
  Transmit& transmit = sender(true);
  for (unsigned round = 1; round <= 3; ++round) {
    for (unsigned i = 0; i < 100; ++i) fill(*transmit.replies().take(), 46, image_.get(), i, 1000);
    transmit.flush(stations_);
    EXPECT_EQ(statistics_.payloads_gathered, round * kSegments);
    EXPECT_EQ(rte_mempool_avail_count(segments), 0U);
    const std::vector<Octets> sent = wire_->collect();
    ASSERT_EQ(sent.size(), 100U);
    for (unsigned i = 0; i < 100; ++i) {
      ASSERT_EQ(sent[i].size(), 1046U);
      EXPECT_TRUE(std::equal(sent[i].begin() + 46, sent[i].end(), image_->bytes().begin() + i));
    }
    EXPECT_FALSE(access_.in_flight(*image_));
  }
  fill(*transmit.replies().take(), 46, image_.get(), 0, 1000);
  transmit.flush(stations_);
  EXPECT_LT(rte_mempool_avail_count(segments), kSegments - 1) << "some are at hand";
  wire_->discard();
  senders_.clear();
  EXPECT_EQ(rte_mempool_avail_count(segments), kSegments);
}

TEST_F(TransmitTest, APayloadThatFitsNoBufferNeedsAPortThatGathers) {
  open();
  for (const bool gathers : {false, true}) {
    Transmit& transmit = sender(gathers);
    fill(*transmit.replies().take(), 46, image_.get(), 0, 4000);
    transmit.flush(stations_);
    EXPECT_EQ(wire_->collect().size(), gathers ? 1u : 0u);
  }
  EXPECT_EQ(statistics_.frames_unsent, 1u);
}

TEST_F(TransmitTest, AWorkerWithoutAQueueHandsItsFramesToTheOwnerOfOne) {
  open();
  Transmit& owner = sender(true, {0, 2}, 0);
  Transmit& other = sender(true, {1, 2}, 0);
  for (int i = 0; i < 30; ++i) fill(*other.replies().take(), 46, image_.get(), 0, 1000);
  other.flush(stations_);
  EXPECT_EQ(wire_->collect().size(), 0u);
  EXPECT_EQ(owner.forward(), 30u);
  EXPECT_EQ(owner.forward(), 0u);
  EXPECT_EQ(wire_->collect().size(), 30u);
  EXPECT_EQ(statistics_.frames_sent, 30u);
  EXPECT_FALSE(access_.in_flight(*image_));
}

TEST_F(TransmitTest, AFullRingToTheOwnerIsCounted) {
  open({}, {1024, 2048, 64});
  Transmit& other = sender(true, {1, 2}, 0);
  for (int round = 0; round < 10; ++round) {
    for (int i = 0; i < 128; ++i) fill(*other.replies().take(), 60);
    other.flush(stations_);
  }
  EXPECT_EQ(statistics_.frames_sent, 0u);
  EXPECT_GT(statistics_.frames_unsent, 0u);
  Transmit& owner = sender(true, {0, 2}, 0);
  std::size_t forwarded = 0;
  while (const std::size_t count = owner.forward()) forwarded += count;
  EXPECT_EQ(forwarded + statistics_.frames_unsent, 1280u);
}

}  // namespace
}  // namespace reveille
