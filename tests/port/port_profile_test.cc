// What is known of drivers that they do not say themselves.
#include "port/port_profile.h"

#include <gtest/gtest.h>

namespace reveille {
namespace {

PortProfile of(std::string_view driver, const std::string& arguments = "") {
  return profile_of(driver, &arguments, rte_eth_dev_info{});
}

TEST(PortProfile, OfVirtualDriversThatGather) {
  for (const char* driver :
       {"net_af_packet", "net_tap", "net_memif", "net_ring", "net_null", "net_pcap", "net_vhost"}) {
    EXPECT_TRUE(of(driver).gathers) << driver;
    EXPECT_FALSE(of(driver).maps_memory) << driver;
  }
}

TEST(PortProfile, OfVirtualDriversThatMustBeGivenCopies) {
  EXPECT_FALSE(of("net_af_xdp").gathers);       // reads past the first segment of a chain
  EXPECT_FALSE(of("net_virtio_user").gathers);  // its peer sees DPDK's memory only
  EXPECT_FALSE(of("net_memif", "role=client,zero-copy=yes").gathers);
  EXPECT_FALSE(of("net_of_tomorrow").gathers);
}

TEST(PortProfile, ThoseThatMoveOctetsCopy) {
  for (const char* driver : {"net_af_packet", "net_tap", "net_memif", "net_pcap", "net_vhost",
                             "net_virtio_user", "net_af_xdp"}) {
    EXPECT_TRUE(of(driver).copies) << driver;
  }
  for (const char* driver : {"net_ring", "net_null"}) EXPECT_FALSE(of(driver).copies) << driver;
  EXPECT_FALSE(profile_of("net_ixgbe", nullptr, {}).copies);
}

TEST(PortProfile, PartialChecksumsComeFromPeersInTheSameKernel) {
  EXPECT_TRUE(of("net_af_packet").partial_checksums);
  EXPECT_TRUE(of("net_pcap").partial_checksums);
  EXPECT_FALSE(of("net_ring").partial_checksums);
  EXPECT_FALSE(profile_of("net_ixgbe", nullptr, {}).partial_checksums);
}

TEST(PortProfile, OfPhysicalDevicesFollowsTheirCapabilities) {
  rte_eth_dev_info info{};
  EXPECT_FALSE(profile_of("net_ixgbe", nullptr, info).gathers);
  info.tx_offload_capa = RTE_ETH_TX_OFFLOAD_MULTI_SEGS;
  info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM | RTE_ETH_RX_OFFLOAD_UDP_CKSUM;
  const PortProfile profile = profile_of("net_ixgbe", nullptr, info);
  EXPECT_TRUE(profile.gathers);
  EXPECT_TRUE(profile.maps_memory);
  EXPECT_TRUE(profile.receive_checksums);
  info.rx_offload_capa = RTE_ETH_RX_OFFLOAD_IPV4_CKSUM;
  EXPECT_FALSE(profile_of("net_ixgbe", nullptr, info).receive_checksums);
}

TEST(PortProfile, LongPacketsGoWhereWholeFramesFitABuffer) {
  for (const char* driver : {"net_af_packet", "net_ring", "net_null", "net_pcap"}) {
    EXPECT_EQ(of(driver).mtu_max, 9000) << driver;
    EXPECT_FALSE(of(driver).mtu_is_told) << driver;
  }
  for (const char* driver : {"net_tap", "net_af_xdp", "net_virtio_user", "net_of_tomorrow"}) {
    EXPECT_EQ(of(driver).mtu_max, 1500) << driver;
  }
  EXPECT_EQ(of("net_memif").mtu_max, 1500) << "its buffers have 2048 octets";
  EXPECT_EQ(of("net_memif", "role=server,bsize=9000,id=1").mtu_max, 1500);
  EXPECT_EQ(of("net_memif", "role=server,bsize=9216,id=1").mtu_max, 9000);
  rte_eth_dev_info info{};
  info.max_mtu = 3000;
  EXPECT_EQ(profile_of("net_ixgbe", nullptr, info).mtu_max, 3000);
  EXPECT_TRUE(profile_of("net_ixgbe", nullptr, info).mtu_is_told);
  info.max_mtu = UINT16_MAX;
  EXPECT_EQ(profile_of("net_ixgbe", nullptr, info).mtu_max, 9000);
}

TEST(PortProfile, OnlyPacketSocketsHoldFramesOfBefore) {
  EXPECT_TRUE(of("net_af_packet").stale_at_start);
  EXPECT_FALSE(of("net_pcap").stale_at_start);  // there they are the capture
}

}  // namespace
}  // namespace reveille
