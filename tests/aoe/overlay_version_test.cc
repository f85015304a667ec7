// What becomes of an overlay file when the disk, the configuration or the file itself has changed.
#include <gmock/gmock.h>

#include "aoe/shared_disk.h"

namespace reveille::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

template <class Base>
class ChangedWhileStopped : public Base {
 protected:
  using Base::config_;
  using Base::folder;
  using Base::target;

  // A machine has written and reveille is stopped.
  void write_and_stop() {
    Machine writer(*target, 1);
    this->open(writer);
    writer.stores(0, pattern(512, 2));
    target.reset();
  }
  void write_newer() { folder.write("disk", newer); }
  void start_for(bool boots) {
    this->start();
    if (boots) target->power_on(machine_mac());
    machine = std::make_unique<Machine>(*target, 1);
    this->open(*machine);
  }
  void expect_failed() {
    const Octets before = folder.read(overlay_name());
    EXPECT_EQ(machine->reads(0), Outcome::aoe_disk_failed);
    machine->hears();
    EXPECT_EQ(machine->writes(0, pattern(512, 9)), Outcome::aoe_disk_failed);
    machine->hears();
    EXPECT_EQ(machine->identifies(), Outcome::aoe_disk_failed) << "it runs: that changes nothing";
    machine->hears();
    EXPECT_EQ(folder.read(overlay_name()), before);
  }
  void expect_newer() { EXPECT_EQ(machine->holds(0), Octets(newer.begin(), newer.begin() + 512)); }
  static MacAddress machine_mac() { return {{0x52, 0x54, 0, 0, 0, 1}}; }
  std::string overlay_name() {
    return std::filesystem::path(overlay_path(config_.disks[0], machine_mac())).filename();
  }

  const Octets newer = pattern(kSectors * 512, 77);
  std::unique_ptr<Machine> machine;
};

using DroppedOverlay = ChangedWhileStopped<InFile>;
class InFileKept : public InFile {
 protected:
  InFileKept() : InFile(true) {}
};
using KeptOverlay = ChangedWhileStopped<InFileKept>;

TEST_F(DroppedOverlay, NewVersionUnderARunningMachineIsAFaultUntilItBoots) {
  write_and_stop();
  write_newer();
  start_for(false);
  EXPECT_THAT(target->library->problems(), ElementsAre(HasSubstr("belongs to another version")));
  expect_failed();
  target->pass(1s);
  target->power_on(machine->mac);
  open(*machine);
  expect_newer();
}

TEST_F(DroppedOverlay, BootGetsTheNewVersion) {
  write_and_stop();
  write_newer();
  start_for(true);
  expect_newer();
  EXPECT_FALSE(std::filesystem::exists(folder.path(overlay_name() + ".old"))) << "not wanted";
}

TEST_F(KeptOverlay, LargerLimitLosesNothing) {
  write_and_stop();
  config_.disks[0].overlay_max_bytes = 12 * 4096;
  start_for(true);
  EXPECT_EQ(machine->holds(0), pattern(512, 2));
  Machine other(*target, 2);
  open(other);
  check_full(*machine);  // the file has room for six grains, as when it was begun
}

TEST_F(KeptOverlay, SmallerLimitLosesNothing) {
  write_and_stop();
  config_.disks[0].overlay_max_bytes = 1 * 4096;
  start_for(true);
  EXPECT_EQ(machine->holds(0), pattern(512, 2));
  EXPECT_EQ(machine->writes(8, pattern(512)), Outcome::aoe_overlay_full);
}

TEST_F(KeptOverlay, HeaderDoesNotNameTheDevice) {
  write_and_stop();
  struct stat status {};
  ASSERT_EQ(stat(folder.path("disk").c_str(), &status), 0);
  const Octets overlay = folder.read(overlay_name());
  Octets device(8);
  store_be64(device.data(), status.st_dev);
  ASSERT_GT(overlay.size(), 128U);
  EXPECT_EQ(std::search(overlay.begin(), overlay.begin() + 128, device.begin(), device.end()),
            overlay.begin() + 128)
      << "it may have another number when the host has booted";
}

TEST_F(KeptOverlay, OverlayOfAnotherVersionIsPutAside) {
  write_and_stop();
  const Octets before = folder.read(overlay_name());
  write_newer();
  start_for(true);
  EXPECT_THAT(target->library->problems(), ElementsAre(HasSubstr("is put aside as ")));
  expect_newer();
  EXPECT_EQ(folder.read(overlay_name() + ".old"), before);
  machine->stores(0, pattern(512, 5));
  EXPECT_EQ(machine->holds(0), pattern(512, 5));
  EXPECT_EQ(folder.read(overlay_name() + ".old"), before);
}

TEST_F(KeptOverlay, NewVersionWhileItRunsPutsTheOverlayAside) {
  Machine running(*target, 1);
  open(running);
  running.stores(0, pattern(512, 2));
  write_newer();
  ASSERT_TRUE(target->publish_new_versions());
  EXPECT_EQ(running.holds(0), pattern(512, 2)) << "what runs keeps its version";
  target->power_on(running.mac);
  open(running);
  EXPECT_EQ(running.holds(0), Octets(newer.begin(), newer.begin() + 512));
  EXPECT_TRUE(std::filesystem::exists(folder.path(overlay_name() + ".old")));
}

TEST_F(KeptOverlay, DamagedHeaderIsNeverWrittenOver) {
  write_and_stop();
  for (const bool cut : {false, true}) {
    Octets damaged = folder.read(overlay_name());
    damaged[0] ^= 1;
    if (cut) damaged.resize(100);
    folder.write(overlay_name(), damaged);
    start_for(false);
    expect_failed();
    target.reset();
    start_for(true);
    EXPECT_EQ(machine->holds(0), part(0, 1));
    EXPECT_EQ(folder.read(overlay_name() + ".old"), damaged);
    machine->stores(0, pattern(512, 3));
    target.reset();
  }
}

// The size of the file bounds what is read of the index, and its header what may be in it.
TEST_F(KeptOverlay, ImpossibleNumberOfPlacesIsDamage) {
  write_and_stop();
  for (const std::uint32_t places : {0U, 0xffffffffU}) {
    Octets damaged = folder.read(overlay_name());
    store_be32(&damaged[80], places);
    folder.write(overlay_name(), damaged);
    start_for(false);
    expect_failed();
    target.reset();
  }
}

}  // namespace
}  // namespace reveille::test
