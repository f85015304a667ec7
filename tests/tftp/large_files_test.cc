// Files with more blocks than 16 bits count, and with more bytes than 32 bits count.
#include <sys/mman.h>

#include <gtest/gtest.h>

#include "tftp/server.h"

namespace reveille::test {
namespace {

// Zeros that take no memory, with marks here and there.
class SparseStorage : public Image::Storage {
 public:
  explicit SparseStorage(std::size_t size)
      : size_(size),
        bytes_(
            static_cast<std::uint8_t*>(mmap(nullptr, size, PROT_READ | PROT_WRITE,
                                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))) {}
  ~SparseStorage() override { munmap(bytes_, size_); }
  void mark(std::uint64_t offset, std::uint64_t value) { store_be64(bytes_ + offset, value); }
  [[nodiscard]] Bytes bytes() const override { return {bytes_, size_}; }

 private:
  std::size_t size_;
  std::uint8_t* bytes_;
};

TEST(LargeFiles, BlockNumbersRollFrom65535To0) {
  Server server;
  const Octets file = pattern(8 * 140'000 + 3);
  server.serve("file", file);
  Client client(server);
  client.asks("file", {{"blksize", "8"}});
  client.hears_oack({{"blksize", "8"}});
  client.acks(0);
  EXPECT_EQ(client.reads_on(8), file) << "more than two turns";

  Client wide(server, 2071);
  wide.asks("file", {{"blksize", "8"}, {"windowsize", "60"}});
  wide.hears_oack({{"blksize", "8"}, {"windowsize", "60"}});
  wide.acks(0);
  EXPECT_EQ(wide.reads_on(8, 60), file) << "a window lies across the turn";
}

TEST(LargeFiles, LossesAcrossTheTurn) {
  Server server;
  const Octets file = pattern(8 * 70'000);
  server.serve("file", file);
  Client client(server);
  client.asks("file", {{"blksize", "8"}, {"windowsize", "8"}});
  client.hears_oack({{"blksize", "8"}, {"windowsize", "8"}});
  client.acks(0);
  for (std::uint64_t block = 8; block < 65528; block += 8) {
    server.sent.clear();
    ASSERT_EQ(client.acks(block), Outcome::tftp_acked);
  }
  server.sent.clear();
  EXPECT_EQ(client.acks(65528), Outcome::tftp_acked);
  client.hears_data(65529, 65536, file, 8);
  EXPECT_EQ(client.acks(65535), Outcome::tftp_acked) << "block 0 of the next turn is missing";
  client.hears_data(65536, 65543, file, 8);
  EXPECT_EQ(client.acks(65536), Outcome::tftp_window_resent);
  EXPECT_EQ(client.acks(65535), Outcome::tftp_duplicate_ack) << "not 65 535 blocks ahead";
  EXPECT_EQ(client.acks(65543), Outcome::tftp_acked);
  client.hears_data(65544, 65551, file, 8);
  EXPECT_EQ(client.acks(65543 + 20'000), Outcome::tftp_stale_ack);
}

TEST(LargeFiles, MoreThan4GiB) {
  constexpr std::uint64_t kSize = (std::uint64_t{4} << 30) + 100'001;
  constexpr std::uint64_t kBlock = 8968;
  auto storage = std::make_unique<SparseStorage>(kSize);
  for (std::uint64_t offset = 0; offset + 8 < kSize; offset += 100'003) {
    // A mark each 100 KB would fault in every page; these are on few.
    if (offset % 7 == 0) storage->mark(offset, offset);
  }
  storage->mark(kSize - 8, 42);
  TftpConfig config;
  config.block_size_max = 65464;
  Server server(config);
  server.station().mtu = 9000;
  // The sums are what counts here; hashing zeros would take most of the time.
  PrefixSums sums(kSize);
  sums.append(storage->bytes());
  const Bytes file = storage->bytes();
  server.serve(
      std::make_shared<const Image>("disk.iso", std::move(storage), Digest{{}, std::move(sums)}));
  Client client(server);
  client.asks("disk.iso", {{"blksize", "65464"}, {"windowsize", "64"}, {"tsize", "0"}});
  client.hears_oack({{"blksize", "8968"}, {"windowsize", "64"}, {"tsize", std::to_string(kSize)}});
  server.look_at_each(64);
  client.acks(0);
  const std::uint64_t blocks = kSize / kBlock + 1;
  for (std::uint64_t acked = 0; acked < blocks;) {
    const std::uint64_t last = std::min(acked + 64, blocks);
    if (acked * kBlock > kSize - 2'000'000) {
      client.hears_data(acked + 1, last, file, kBlock);
    } else {
      client.hears_data(acked + 1, acked + 1, file, kBlock);
    }
    client.hears_nothing();
    server.look_at_each(last * kBlock > kSize - 2'000'000 ? 1 : 64);
    ASSERT_EQ(client.acks(last), last == blocks ? Outcome::tftp_completed : Outcome::tftp_acked);
    acked = last;
  }
  const auto told = server.told(EventKind::tftp_completed);
  ASSERT_EQ(told.size(), 1U);
  EXPECT_EQ(told[0].bytes, kSize);
}

}  // namespace
}  // namespace reveille::test
