#include "text/variable.h"

#include <array>

#include <gtest/gtest.h>

namespace reveille {
namespace {

ClientFacts laptop() {
  ClientFacts client;
  client.address = Ipv4Address::of(10, 77, 1, 5);
  client.next_server = Ipv4Address::of(10, 77, 0, 1);
  client.mac = *MacAddress::parse("52:54:00:12:34:ab");
  client.uuid = *Uuid::parse("00112233-4455-6677-8899-aabbccddeeff");
  client.architecture = 7;
  client.set_host_name("node1");
  return client;
}

std::string text_of(std::string_view variable, const ClientFacts& client) {
  const auto use = parse_variable(variable);
  if (!use) return "! " + use.error();
  std::array<char, kVariableLengthMax> room;
  room.fill('?');
  return {room.data(), write_variable(*use, client, room)};
}

TEST(Variable, SaysWhatIsKnown) {
  const ClientFacts client = laptop();
  EXPECT_EQ(text_of("mac", client), "52:54:00:12:34:ab");
  EXPECT_EQ(text_of("mac:hexhyp", client), "52-54-00-12-34-ab");
  EXPECT_EQ(text_of("mac:hexraw", client), "5254001234ab");
  EXPECT_EQ(text_of("mac:hexupper", client), "5254001234AB");
  EXPECT_EQ(text_of("ip", client), "10.77.1.5");
  EXPECT_EQ(text_of("ip:hexupper", client), "0A4D0105");
  EXPECT_EQ(text_of("ip:hexraw", client), "0a4d0105");
  EXPECT_EQ(text_of("next_server", client), "10.77.0.1");
  EXPECT_EQ(text_of("uuid", client), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(text_of("uuid:hexraw", client), "00112233445566778899aabbccddeeff");
  EXPECT_EQ(text_of("arch", client), "x64-uefi");
  EXPECT_EQ(text_of("arch:number", client), "7");
  EXPECT_EQ(text_of("hostname", client), "node1");
}

TEST(Variable, IsEmptyWhenNothingIsKnown) {
  for (const char* const name :
       {"mac", "ip", "uuid", "arch", "arch:number", "serial", "hostname", "next_server"}) {
    EXPECT_EQ(text_of(name, {}), "") << name;
  }
}

TEST(Variable, KeepsTheLongestTexts) {
  ClientFacts client;
  client.address = Ipv4Address::of(255, 255, 255, 255);
  client.architecture = 0xfffe;
  client.set_host_name(std::string(300, 'h'));
  EXPECT_EQ(text_of("ip", client), "255.255.255.255");
  EXPECT_EQ(text_of("arch", client), "65534");
  EXPECT_EQ(text_of("hostname", client), std::string(63, 'h'));
}

// Option 97 of a Raspberry Pi 4: fourcc, board revision, part of the MAC address, serial number,
// each little-endian.
TEST(Variable, KnowsTheSerialNumberOfARaspberryPi) {
  ClientFacts pi;
  pi.uuid = *Uuid::parse("52506934-1131-c000-0102-0304fdbb559f");
  EXPECT_EQ(text_of("serial", pi), "9f55bbfd");
  EXPECT_EQ(text_of("serial:hexupper", pi), "9F55BBFD");
  pi.uuid = *Uuid::parse("fdbb559f-fdbb-559f-fdbb-559ffdbb559f");
  EXPECT_EQ(text_of("serial", pi), "9f55bbfd");
  pi.uuid = *Uuid::parse("44444444-4444-4444-4444-444444444444");
  EXPECT_EQ(text_of("serial", pi), "") << "what a Pi 3 says instead of one";
  EXPECT_EQ(text_of("serial", laptop()), "");
}

// The file name of the field report: a host name that ends a script's line and goes on with a
// command of its own.
TEST(Variable, MakesHostileTextHarmless) {
  ClientFacts client;
  const auto cleaned = [&client](std::string_view name) {
    client.set_host_name(name);
    return text_of("hostname", client);
  };
  EXPECT_EQ(cleaned("a\nshell"), "a_shell");
  EXPECT_EQ(cleaned("${uuid}"), "__uuid_");
  EXPECT_EQ(cleaned("../../etc/passwd"), "_._.._etc_passwd");
  EXPECT_EQ(cleaned("."), "_");
  EXPECT_EQ(cleaned("a b&&c;d|e`f`\"g'\\h"), "a_b__c_d_e_f__g__h");
  EXPECT_EQ(cleaned(std::string_view("n\0de", 4)), "n_de");
  EXPECT_EQ(cleaned("b\xc3\xbc"
                    "ro"),
            "b__ro");
  EXPECT_EQ(cleaned("node-1.lab_x"), "node-1.lab_x");
}

TEST(Variable, RefusesWhatThereIsNot) {
  EXPECT_EQ(text_of("macs", {}),
            "! unknown variable \"macs\"; there are mac, ip, uuid, arch, serial, hostname, "
            "next_server");
  EXPECT_EQ(text_of("", {}).substr(0, 21), "! unknown variable \"\"");
  EXPECT_EQ(text_of("mac:hex", {}),
            "! unknown form \"hex\"; there are hexhyp, hexraw, hexupper, number");
  EXPECT_EQ(text_of("mac:number", {}), "! the variable mac has no form \"number\"");
  EXPECT_EQ(text_of("hostname:hexraw", {}), "! the variable hostname has no form \"hexraw\"");
  EXPECT_EQ(text_of("arch:hexhyp", {}), "! the variable arch has no form \"hexhyp\"");
}

}  // namespace
}  // namespace reveille
