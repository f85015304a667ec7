// Replacing the snapshot while it is read, and letting go of images.
#include "worker/snapshots.h"

#include <thread>

#include <gtest/gtest.h>

#include "idle/sleeper.h"
#include "image/catalogue.h"
#include "image/memory_image.h"

namespace reveille {
namespace {

using test::make_image;

std::unique_ptr<const Snapshot> snapshot_with(std::vector<std::shared_ptr<const Image>> images,
                                              std::uint64_t version = 0) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->version = version;
  snapshot->catalogue = std::make_shared<const Catalogue>(std::move(images), Catalogue::Options{});
  return snapshot;
}

// Readers look at everything a snapshot points to. One that was destroyed too early shows as a
// wrong number here, and as a use after free in a build with sanitizers.
TEST(Snapshots, AThousandReplacementsUnderReaders) {
  constexpr unsigned kReaders = 3;
  constexpr std::uint64_t kVersions = 1000;
  Snapshots snapshots(kReaders, {});
  const auto make = [](std::uint64_t version) {
    auto snapshot = std::make_unique<Snapshot>();
    snapshot->version = version;
    for (int i = 0; i < 4; ++i) {
      snapshot->stations.push_back(Station{.vlan = static_cast<std::uint16_t>(version)});
    }
    return snapshot;
  };
  snapshots.publish(make(0));
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> wrong{0};
  std::atomic<std::uint64_t> reads{0};
  std::vector<std::thread> readers;
  for (unsigned reader = 0; reader < kReaders; ++reader) {
    readers.emplace_back([&, reader] {
      snapshots.join(reader);
      std::uint64_t last = 0;
      for (unsigned turn = 0; !stopping.load(std::memory_order_relaxed); ++turn) {
        const Snapshot& snapshot = snapshots.read();
        if (snapshot.version < last) ++wrong;
        last = snapshot.version;
        for (const Station& station : snapshot.stations) {
          if (station.vlan != static_cast<std::uint16_t>(last)) ++wrong;
        }
        snapshots.quiescent(reader);
        reads.fetch_add(1, std::memory_order_relaxed);
        if (turn % 64 == reader) {  // a nap now and then
          snapshots.rest(reader);
          sleep_for(20us);
          snapshots.resume(reader);
        }
      }
      snapshots.leave(reader);
    });
  }
  while (reads.load() < 1000) std::this_thread::yield();
  for (std::uint64_t version = 1; version <= kVersions; ++version) {
    snapshots.publish(make(version));
  }
  stopping = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong.load(), 0u);
  EXPECT_EQ(snapshots.read().version, kVersions);
}

TEST(Snapshots, AnImageGoesWhenNoTransferAndNoFrameReadsIt) {
  Snapshots snapshots(2, {});
  auto image = make_image("a", std::vector<std::uint8_t>(2000));
  const std::weak_ptr<const Image> watched = image;
  snapshots.publish(snapshot_with({image}));
  Image::Hold& hold = image->hold(1);
  rte_mbuf_ext_shared_info& shared = transmit_state(*image, 1).shared;
  image.reset();
  hold.transfers = 1;
  rte_mbuf_ext_refcnt_update(&shared, 1);

  snapshots.publish(snapshot_with({}));
  EXPECT_EQ(snapshots.retire(), 1u);
  EXPECT_FALSE(watched.expired());
  hold.transfers = 0;  // the transfer is over, its last frame is still in a queue
  EXPECT_EQ(snapshots.retire(), 1u);
  EXPECT_FALSE(watched.expired());
  rte_mbuf_ext_refcnt_update(&shared, -1);
  EXPECT_EQ(snapshots.retire(), 0u);
  EXPECT_TRUE(watched.expired());
}

TEST(Snapshots, AnImageThatComesBackIsNotRetired) {
  Snapshots snapshots(1, {});
  const auto image = make_image("a", std::vector<std::uint8_t>(2000));
  snapshots.publish(snapshot_with({image}));
  image->hold(0).transfers = 1;
  snapshots.publish(snapshot_with({}));
  EXPECT_EQ(snapshots.retire(), 1u);
  snapshots.publish(snapshot_with({image}));
  EXPECT_EQ(snapshots.retire(), 0u);
  image->hold(0).transfers = 0;
}

TEST(Snapshots, APublishedImageMayBeSentInPlaceByEachWorker) {
  Snapshots snapshots(2, {});
  const auto image = make_image("a", std::vector<std::uint8_t>(2000));
  EXPECT_FALSE(transmit_state(*image, 0).in_place);
  snapshots.publish(snapshot_with({image}));
  EXPECT_TRUE(transmit_state(*image, 0).in_place);
  EXPECT_TRUE(transmit_state(*image, 1).in_place);
  EXPECT_FALSE(transmit_state(*image, 1).mapped);  // no physical port asked for it
}

}  // namespace
}  // namespace reveille
