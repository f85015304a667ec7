// The threads that may wait for a file: what they have done when they end, and in which order.
#include "disk/disk_io.h"

#include <gtest/gtest.h>

#include "aoe/target.h"

namespace reveille::test {
namespace {

class Io : public testing::Test {
 protected:
  Io() {
    DiskConfig disk = shared_disk(folder.write("disk", Octets(1 << 20)));
    disk.mode = DiskMode::exclusive;
    library = std::make_unique<DiskLibrary>(config_of({disk}), 1);
    EXPECT_TRUE(library->load());
    disks = library->disks();
  }
  DiskJob job(DiskJob::Kind kind, std::uint32_t ticket, std::uint64_t sector) {
    DiskJob job;
    job.kind = kind;
    job.ticket = ticket;
    job.base = disks->all[0].base;
    job.offset = sector * 512;
    job.length = 512;
    return job;
  }
  DiskFolder folder;
  std::unique_ptr<DiskLibrary> library;
  std::shared_ptr<const Disks> disks;
};

TEST_F(Io, StopDoesWhatWasSubmittedAndTouchesNoFileAfterwards) {
  DiskIo& io = *disks->io;
  for (std::uint32_t ticket = 0; ticket < DiskIo::kTickets; ++ticket) {
    std::ranges::fill(io.buffer(0, ticket), static_cast<std::uint8_t>(ticket));
    io.submit(0, job(DiskJob::Kind::write_base, ticket, ticket));
  }
  library->stop();
  DiskDone done;
  for (std::uint32_t ticket = 0; ticket < DiskIo::kTickets; ++ticket) {
    ASSERT_TRUE(io.take(0, done)) << ticket;
    ASSERT_EQ(done.error, 0);
  }
  const Octets written = folder.read("disk");
  for (std::uint32_t ticket = 0; ticket < DiskIo::kTickets; ++ticket) {
    ASSERT_EQ(written[std::size_t{ticket} * 512], static_cast<std::uint8_t>(ticket));
  }
  io.submit(0, job(DiskJob::Kind::read_base, 0, 0));
  library->stop();
  EXPECT_FALSE(io.take(0, done)) << "nobody is there any more";
}

// The base goes with the last owner of `disks`, which may be the library: not under a thread.
TEST_F(Io, LibraryEndsItsThreadsBeforeItsDisksGo) {
  const std::weak_ptr<const Image> image = disks->all[0].image;
  const std::shared_ptr<DiskIo> io = disks->io;
  for (std::uint32_t ticket = 0; ticket < DiskIo::kTickets; ++ticket) {
    io->submit(0, job(DiskJob::Kind::write_base, ticket, ticket));
  }
  disks.reset();
  library.reset();
  EXPECT_TRUE(image.expired());
  DiskDone done;
  for (std::uint32_t ticket = 0; ticket < DiskIo::kTickets; ++ticket) {
    ASSERT_TRUE(io->take(0, done)) << "done before the disk was gone";
    ASSERT_EQ(done.error, 0);
  }
}

}  // namespace
}  // namespace reveille::test
