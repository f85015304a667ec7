// What one worker's DHCP learns of a machine reaches the worker that serves its files.
#include <map>

#include <gtest/gtest.h>

#include <reveille/wire/dhcp.h>

#include "names/name_rules.h"
#include "worker/site.h"

namespace reveille {
namespace {

using namespace test;

class NamesByWorkers : public testing::TestWithParam<std::uint16_t> {};
INSTANTIATE_TEST_SUITE_P(Workers, NamesByWorkers, testing::Values(1, 2, 4));

constexpr unsigned kClients = 200;

// Each file has one octet: the number of the machine that shall get it.
std::vector<std::shared_ptr<const Image>> files() {
  std::vector<std::shared_ptr<const Image>> images;
  for (unsigned n = 0; n < kClients; ++n) {
    ClientFacts client;
    client.mac = client_mac(n);
    std::array<char, kVariableLengthMax> name;
    const std::size_t length = write_variable(*parse_variable("mac:hexhyp"), client, name);
    images.push_back(
        make_image("x86-bios/" + std::string(name.data(), length), {static_cast<std::uint8_t>(n)}));
  }
  return images;
}

// iPXE's REQUEST of what another machine was offered.
Octets selects(unsigned n, const Octets& offer) {
  const auto offered = wire::DhcpView::parse(Bytes{offer}.subspan(42));
  Octets payload = captured_payload("ipxe_request");
  const auto view = wire::DhcpView::parse(payload);
  const auto put = [&](wire::DhcpOption code, Ipv4Address address) {
    store_be32(&payload[static_cast<std::size_t>(view->option(code)->data() - payload.data())],
               address.value);
  };
  put(wire::DhcpOption::requested_address, offered->yiaddr());
  put(wire::DhcpOption::server_identifier,
      offered->option_address(wire::DhcpOption::server_identifier).value());
  return broadcast_by(n, std::move(payload));
}

Octets asks_from(unsigned n, Ipv4Address address) {
  Octets payload(100);
  payload.resize(wire::write_tftp_read_request(payload, "own", "octet", {}));
  return UdpFrame{.source_mac = client_mac(n),
                  .source = address,
                  .source_port = static_cast<std::uint16_t>(20000 + n),
                  .destination_port = 69,
                  .payload = std::move(payload)}
      .bytes();
}

void start(Site& site) {
  site.images = files();
  site.images.push_back(make_image("undionly.kpxe", pattern(100)));
  site.images.push_back(make_image("boot.ipxe", pattern(100)));
  auto snapshot = site.snapshot();
  auto names =
      NameRules::build({{"^own$", "{{arch}}/{{mac:hexhyp}}"}}, false, site.config.workers.count);
  ASSERT_TRUE(names) << names.error();
  snapshot->names = *names;
  const auto started = site.workers->start(std::move(snapshot));
  ASSERT_TRUE(started) << started.error();
}

// The architecture is known from DHCP alone.
void read_own_files(Site& site, const std::map<unsigned, Ipv4Address>& addresses) {
  for (const auto& [n, address] : addresses) site.inject(asks_from(n, address));
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::tftp_opened), addresses.size());
  std::size_t right = 0;
  for (const Octets& frame : site.wire.collect()) {
    if (frame.size() < 47 || load_be16(&frame[42]) != 3) continue;
    right += frame[46] == load_be16(&frame[36]) - 20000 ? 1 : 0;
  }
  EXPECT_EQ(right, addresses.size());
}

TEST_P(NamesByWorkers, EachClientReadsItsOwnFile) {
  Site site(Site::Shape{.workers = GetParam()});
  start(site);
  for (unsigned n = 0; n < kClients; ++n) site.inject(discover(n));
  ASSERT_TRUE(site.settle());
  std::map<unsigned, Ipv4Address> addresses;
  for (const Octets& frame : site.wire.collect()) {
    const unsigned n = load_be16(&frame[42 + 32]);
    addresses[n] = Ipv4Address::from(&frame[42 + 16]);
    site.inject(selects(n, frame));
  }
  ASSERT_EQ(addresses.size(), kClients);
  ASSERT_TRUE(site.settle());
  ASSERT_EQ(site.count(Outcome::dhcp_acked), kClients);
  (void)site.wire.collect();
  read_own_files(site, addresses);
  EXPECT_EQ(site.workers->statistics().sum().clients_lost, 0U);
}

// Beside another DHCP server nobody knows to which worker the reads will come: all are told.
TEST_P(NamesByWorkers, ProxyTellsEveryWorker) {
  Site site({.workers = GetParam()}, [](Config& config) { config.dhcp.mode = DhcpMode::proxy; });
  start(site);
  std::map<unsigned, Ipv4Address> addresses;
  for (unsigned n = 0; n < kClients; ++n) {
    site.inject(discover(n));
    addresses[n] = client_address(n);
  }
  ASSERT_TRUE(site.settle());
  EXPECT_EQ(site.count(Outcome::proxy_offered), kClients);
  (void)site.wire.collect();
  read_own_files(site, addresses);
}

}  // namespace
}  // namespace reveille
