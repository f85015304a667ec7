// A port that AF_XDP serves: one end of a veth pair, with a packet socket on the other.
#include <array>
#include <chrono>
#include <cstring>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rte_ethdev.h>

#include "idle/sleeper.h"
#include "port/own_network.h"
#include "port/packet_sockets.h"
#include "port/pools.h"
#include "port/port.h"
#include "port/test_eal.h"

namespace reveille {
namespace {

using test::run;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::uint16_t kEtherType = 0x88B5;  // IEEE 802: for experiments

// A packet socket on an interface.
class Peer {
 public:
  explicit Peer(const char* interface)
      : fd_(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(kEtherType))) {
    sockaddr_ll address{};
    address.sll_family = AF_PACKET;
    address.sll_protocol = htons(kEtherType);
    address.sll_ifindex = static_cast<int>(if_nametoindex(interface));
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  }
  ~Peer() { close(fd_); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] int number() const { return fd_; }
  void send(const std::string& frame) const {
    EXPECT_EQ(::send(fd_, frame.data(), frame.size(), 0), static_cast<ssize_t>(frame.size()));
  }
  // The next frame within a second, or "".
  [[nodiscard]] std::string receive() const {
    pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, 1000) <= 0) return "";
    std::string frame(2048, '\0');
    const ssize_t length = recv(fd_, frame.data(), frame.size(), 0);
    frame.resize(length < 0 ? 0 : static_cast<std::size_t>(length));
    return frame;
  }

 private:
  int fd_;
};

std::string frame_of(std::size_t octets, char fill) {
  std::string frame(octets, fill);
  frame.replace(0, 6, 6, '\xff');
  frame.replace(6, 6, std::string("\x02\x00\x00\x00\x00\x09", 6));
  frame[12] = static_cast<char>(kEtherType >> 8);
  frame[13] = static_cast<char>(kEtherType & 0xff);
  return frame;
}

class AfXdpPortTest : public testing::Test {
 protected:
  void SetUp() override {
    if (!test::own_network) GTEST_SKIP() << "no network namespace of our own";
    if (!run("ip link add ours type veth peer name theirs")) GTEST_SKIP() << "no veth here";
    ASSERT_TRUE(run("ip link set ours up && ip link set theirs up"));
    const int fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
    if (fd < 0) GTEST_SKIP() << "no AF_XDP in this kernel";
    close(fd);
    test_eal();
  }
  void TearDown() override {
    if (test::own_network) run("ip link del ours 2>/dev/null; ip link del idle 2>/dev/null");
  }

  // As the workers do it: buffers as the plan wants them.
  tl::expected<Port, std::string> open(KernelDriver driver = KernelDriver::automatic,
                                       unsigned workers = 1) {
    InterfaceConfig config;
    config.interface = "ours";
    config.driver = driver;
    auto plan = PortPlan::make(config, workers);
    if (!plan) return tl::unexpected(plan.error());
    const PoolSizes sizes = pool_sizes(workers, 1, false, kMtuDefault, plan->umem_queues());
    auto pools = Pools::create(workers, sizes);
    EXPECT_TRUE(pools) << pools.error();
    pools_ = std::move(*pools);
    return Port::open(std::move(*plan), pools_->receive.get());
  }
  static std::string receive(const Port& port) {
    std::array<rte_mbuf*, kBurst> frames;
    for (int tries = 0; tries < 1000; ++tries) {
      if (rte_eth_rx_burst(port.id(), 0, frames.data(), 1) == 0) {
        usleep(1000);
        continue;
      }
      EXPECT_EQ(frames[0]->nb_segs, 1);
      std::string frame(rte_pktmbuf_mtod(frames[0], const char*), frames[0]->data_len);
      rte_pktmbuf_free(frames[0]);
      // IPv6 speaks up by itself on a fresh interface.
      if (frame.substr(12, 2) == frame_of(14, 0).substr(12, 2)) return frame;
    }
    return "";
  }
  void send(const Port& port, const std::string& frame) {
    rte_mbuf* buffer = rte_pktmbuf_alloc(pools_->heads_of(0));
    ASSERT_NE(buffer, nullptr);
    std::memcpy(rte_pktmbuf_append(buffer, static_cast<std::uint16_t>(frame.size())), frame.data(),
                frame.size());
    ASSERT_EQ(rte_eth_tx_burst(port.id(), 0, &buffer, 1), 1);
  }

  std::optional<Pools> pools_;
};

TEST_F(AfXdpPortTest, CarriesFramesOfEveryLengthBothWays) {
  auto port = open();
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ(port->driver(), "net_af_xdp");
  EXPECT_EQ(port->mtu(), 1500);
  EXPECT_THAT(port->warnings(), IsEmpty());
  EXPECT_TRUE(pools_->heads.empty()) << "replies leave from where frames arrive";
  ASSERT_TRUE(port->start());
  const Peer peer("theirs");
  for (const std::size_t octets : {60U, 342U, 1514U}) {
    const std::string request = frame_of(octets, 'q');
    peer.send(request);
    EXPECT_EQ(receive(*port), request) << octets;
    const std::string reply = frame_of(octets, 'r');
    send(*port, reply);
    EXPECT_EQ(peer.receive(), reply) << octets;
  }
}

// The kernel knows one piece of memory: a buffer outside would never be sent, and one that it was
// to fill would be lost to the port.
TEST_F(AfXdpPortTest, SendsFromEachBufferThatThereIs) {
  auto port = open();
  ASSERT_TRUE(port) << port.error();
  ASSERT_TRUE(port->start());
  const Peer peer("theirs");
  std::vector<rte_mbuf*> all;
  while (rte_mbuf* const buffer = rte_pktmbuf_alloc(pools_->receive.get())) all.push_back(buffer);
  EXPECT_GT(all.size(), 3 * kUmemRing / 2) << "beside those that the kernel has";
  std::string frame = frame_of(300, 'x');
  for (std::size_t i = 0; i < all.size(); ++i) {
    std::memcpy(&frame[20], &i, sizeof i);
    std::memcpy(rte_pktmbuf_append(all[i], 300), frame.data(), frame.size());
    ASSERT_EQ(rte_eth_tx_burst(port->id(), 0, &all[i], 1), 1);
    ASSERT_EQ(peer.receive(), frame) << i << " of " << all.size();
  }
}

// Each descriptor of the rings comes round more than once.
TEST_F(AfXdpPortTest, GivesBuffersBack) {
  auto port = open();
  ASSERT_TRUE(port) << port.error();
  ASSERT_TRUE(port->start());
  const Peer peer("theirs");
  const std::string frame = frame_of(300, 'x');
  const unsigned before = rte_mempool_avail_count(pools_->receive.get());
  for (unsigned i = 0; i < 3 * kUmemRing; ++i) {
    peer.send(frame);
    ASSERT_EQ(receive(*port), frame) << i;
    send(*port, frame);
    ASSERT_EQ(peer.receive(), frame) << i;
  }
  EXPECT_GE(rte_mempool_avail_count(pools_->receive.get()) + kUmemRing, before);
}

// Who sleeps there wakes up when a frame comes, and not before.
TEST_F(AfXdpPortTest, ASocketTellsOfFramesThatWait) {
  ASSERT_TRUE(
      run("echo 1 >/proc/sys/net/ipv6/conf/ours/disable_ipv6 && "
          "echo 1 >/proc/sys/net/ipv6/conf/theirs/disable_ipv6"));
  for (const KernelDriver driver : {KernelDriver::af_xdp, KernelDriver::af_packet}) {
    auto port = open(driver);
    ASSERT_TRUE(port) << port.error();
    ASSERT_TRUE(port->start());
    const Peer peer("theirs");
    pollfd wait{.fd = port->socket_of(0), .events = POLLIN, .revents = 0};
    ASSERT_GE(wait.fd, 0) << port->driver();
    EXPECT_EQ(port->socket_of(1), -1);
    EXPECT_EQ(poll(&wait, 1, 50), 0) << port->driver();
    const std::string frame = frame_of(300, 'x');
    peer.send(frame);
    EXPECT_EQ(poll(&wait, 1, 5000), 1) << port->driver();
    EXPECT_EQ(receive(*port), frame);
    EXPECT_EQ(poll(&wait, 1, 50), 0) << port->driver();
  }
}

TEST_F(AfXdpPortTest, TheSocketOfAQueueIsTheOneThatItReads) {
  ASSERT_TRUE(
      run("echo 1 >/proc/sys/net/ipv6/conf/ours/disable_ipv6 && "
          "echo 1 >/proc/sys/net/ipv6/conf/theirs/disable_ipv6"));
  auto port = open(KernelDriver::af_packet, 2);
  ASSERT_TRUE(port) << port.error();
  ASSERT_EQ(port->receive_queues(), 2);
  ASSERT_TRUE(port->start());
  std::array<pollfd, 2> sockets{{{.fd = port->socket_of(0), .events = POLLIN, .revents = 0},
                                 {.fd = port->socket_of(1), .events = POLLIN, .revents = 0}}};
  ASSERT_GE(sockets[0].fd, 0);
  ASSERT_NE(sockets[0].fd, sockets[1].fd);
  const Peer peer("theirs");
  peer.send(frame_of(300, 'x'));
  ASSERT_EQ(poll(sockets.data(), 2, 5000), 1);
  const std::uint16_t queue = (sockets[0].revents & POLLIN) != 0 ? 0 : 1;
  rte_mbuf* frame = nullptr;
  EXPECT_EQ(rte_eth_rx_burst(port->id(), 1 - queue, &frame, 1), 0);
  ASSERT_EQ(rte_eth_rx_burst(port->id(), queue, &frame, 1), 1);
  rte_pktmbuf_free(frame);
}

TEST_F(AfXdpPortTest, ASocketTellsHowManyFramesItHadNoRoomFor) {
  ASSERT_TRUE(
      run("echo 1 >/proc/sys/net/ipv6/conf/ours/disable_ipv6 && "
          "echo 1 >/proc/sys/net/ipv6/conf/theirs/disable_ipv6"));
  auto port = open();
  ASSERT_TRUE(port) << port.error();
  ASSERT_TRUE(port->start());
  const Peer peer("theirs");
  constexpr unsigned kSent = 3 * kUmemRing;
  const std::string frame = frame_of(60, 'x');
  for (unsigned i = 0; i < kSent; ++i) peer.send(frame);
  unsigned received = 0;
  std::array<rte_mbuf*, kBurst> frames;
  while (const unsigned count = rte_eth_rx_burst(port->id(), 0, frames.data(), kBurst)) {
    rte_pktmbuf_free_bulk(frames.data(), count);
    received += count;
  }
  EXPECT_GE(received, kUmemRing);
  EXPECT_EQ(frames_lost_at(port->socket_of(0)), kSent - received);
}

TEST_F(AfXdpPortTest, NoOtherSocketTells) {
  const Peer peer("theirs");
  EXPECT_EQ(frames_lost_at(peer.number()), std::nullopt);
  EXPECT_EQ(frames_lost_at(-1), std::nullopt);
}

// Its error stands until somebody takes it, and a poll would end at once for as long.
TEST_F(AfXdpPortTest, AnInterfaceThatGoesDownKeepsNobodyAwake) {
  ASSERT_TRUE(
      run("ip link add idle type veth peer name idler && ip link set idle up && "
          "ip link set idler up"));
  const Peer ours("ours");
  const Peer theirs("theirs");
  const Peer idle("idle");
  Sleeper sleeper(nullptr, {ours.number(), idle.number()});
  const auto slept = [&sleeper](Nanoseconds time) {
    const auto begin = std::chrono::steady_clock::now();
    sleeper.sleep(time);
    return std::chrono::steady_clock::now() - begin;
  };
  for (const char* const change : {"ip link set idle down", "ip link del idle"}) {
    ASSERT_TRUE(run(change));
    slept(20ms);  // the error ends it
    EXPECT_GE(slept(20ms), 20ms) << change;
    EXPECT_GE(slept(20ms), 20ms) << change;
    theirs.send(frame_of(300, 'x'));
    EXPECT_LT(slept(10s), 5s) << change;
    EXPECT_EQ(ours.receive(), frame_of(300, 'x'));
    EXPECT_GE(slept(20ms), 20ms) << change;
  }
}

TEST_F(AfXdpPortTest, LeavesTheInterfaceAsItWas) {
  const char* const programs = "ip -d link show ours | grep -q prog/xdp";
  {
    const auto port = open();
    ASSERT_TRUE(port) << port.error();
    EXPECT_TRUE(run(programs));
  }
  EXPECT_FALSE(run(programs));
}

TEST_F(AfXdpPortTest, TheKernelGetsItsFramesWhereItHasAnAddress) {
  ASSERT_TRUE(run("ip address add 10.77.0.1/16 dev ours"));
  {
    const auto port = open();
    ASSERT_TRUE(port) << port.error();
    EXPECT_EQ(port->driver(), "net_af_packet");
  }
  const auto asked = open(KernelDriver::af_xdp);
  ASSERT_TRUE(asked) << asked.error();
  EXPECT_EQ(asked->driver(), "net_af_xdp");
  EXPECT_THAT(asked->warnings(),
              ElementsAre("interface ours: the kernel has the address 10.77.0.1 on it and gets no "
                          "frame for it while AF_XDP takes them"));
}

TEST_F(AfXdpPortTest, AfPacketWhereThatIsAskedFor) {
  const auto port = open(KernelDriver::af_packet);
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ(port->driver(), "net_af_packet");
  EXPECT_EQ(pools_->heads.size(), 1U);
}

TEST_F(AfXdpPortTest, LeavesTheProgramOfSomebodyElseAlone) {
  if (!run("ip link set dev ours xdp obj /usr/lib/x86_64-linux-gnu/bpf/xdp-dispatcher.o "
           "sec xdp 2>/dev/null")) {
    GTEST_SKIP() << "no other XDP program to put there";
  }
  {
    const auto port = open();
    ASSERT_TRUE(port) << port.error();
    EXPECT_EQ(port->driver(), "net_af_packet");
    EXPECT_THAT(port->warnings(), IsEmpty());
  }
  const auto asked = open(KernelDriver::af_xdp);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error(),
            "interface ours: an XDP program is on it, so AF_XDP cannot take it (ip link set dev "
            "ours xdp off)");
  EXPECT_TRUE(run("ip -d link show ours | grep -q prog/xdp"));
}

TEST_F(AfXdpPortTest, LeavesNoQueueToTheKernel) {
  ASSERT_TRUE(run("ip link del ours"));
  ASSERT_TRUE(
      run("ip link add ours numrxqueues 2 numtxqueues 2 type veth peer name theirs "
          "numrxqueues 2 numtxqueues 2 && ip link set ours up && ip link set theirs up"));
  const auto asked = open(KernelDriver::af_xdp, 2);
  ASSERT_FALSE(asked);
  EXPECT_EQ(asked.error(),
            "interface ours: it has 2 receive queues, and AF_XDP here takes 1: one for each "
            "worker, and more than one only of combined ones (ethtool --set-channels)");
  const auto port = open(KernelDriver::automatic, 2);
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ(port->driver(), "net_af_packet");
  EXPECT_THAT(port->warnings(), IsEmpty());
}

// One queue, two workers: the one hands over what belongs to the other.
TEST_F(AfXdpPortTest, HasFewerQueuesThanWorkersWhereAskedFor) {
  const auto port = open(KernelDriver::af_xdp, 2);
  ASSERT_TRUE(port) << port.error();
  EXPECT_EQ(port->receive_queues(), 1);
}

}  // namespace
}  // namespace reveille
