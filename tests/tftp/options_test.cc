// What is granted for what is asked: RFC 2347, 2348, 2349, 7440.
#include "tftp/options.h"

#include <string>

#include <gtest/gtest.h>

#include "tftp/server.h"

namespace reveille::test {
namespace {

struct Case {
  const char* what;
  Options asked;
  Options granted;
};

const TftpLimits kLimits{1468, 64, 123'456};

TftpTerms terms_for(const Options& asked, const TftpLimits& limits = kLimits) {
  std::vector<wire::TftpOption> options;
  for (const auto& [name, value] : asked) options.push_back({name, value});
  return negotiate(options, limits);
}

class Negotiation : public testing::TestWithParam<Case> {};

TEST_P(Negotiation, Grants) {
  const Case& c = GetParam();
  const TftpTerms terms = terms_for(c.asked);
  Octets expected(200);
  std::vector<wire::TftpOption> granted;
  for (const auto& [name, value] : c.granted) granted.push_back({name, value});
  expected.resize(granted.empty() ? 0 : wire::write_tftp_oack(expected, granted));
  EXPECT_EQ(Octets(terms.oack.begin(), terms.oack.begin() + terms.oack_length), expected);
  const auto value_of = [&](const char* name, std::uint64_t otherwise) {
    for (const auto& [n, value] : c.granted) {
      if (equal_without_case(n, name)) return std::stoull(value);
    }
    return static_cast<unsigned long long>(otherwise);
  };
  EXPECT_EQ(terms.block_size, value_of("blksize", 512));
  EXPECT_EQ(terms.window_size, value_of("windowsize", 1));
}

INSTANTIATE_TEST_SUITE_P(
    Options, Negotiation,
    testing::Values(
        Case{"nothing asked, nothing granted", {}, {}},
        Case{"unknown options are left out", {{"multicast", ""}, {"x", "1"}}, {}},
        Case{"the smallest block", {{"blksize", "8"}}, {{"blksize", "8"}}},
        Case{"as asked", {{"blksize", "1432"}}, {{"blksize", "1432"}}},
        Case{"never larger than fits", {{"blksize", "65464"}}, {{"blksize", "1468"}}},
        Case{"blksize 0", {{"blksize", "0"}}, {}}, Case{"blksize 7", {{"blksize", "7"}}, {}},
        Case{"blksize 65465", {{"blksize", "65465"}}, {}},
        Case{"blksize -1", {{"blksize", "-1"}}, {}},
        Case{"blksize text", {{"blksize", "large"}}, {}},
        Case{"blksize empty", {{"blksize", ""}}, {}},
        Case{"blksize with a tail", {{"blksize", "1024k"}}, {}},
        Case{"blksize hexadecimal", {{"blksize", "0x400"}}, {}},
        Case{"blksize with a sign", {{"blksize", "+1024"}}, {}},
        Case{"blksize with a space", {{"blksize", " 1024"}}, {}},
        Case{"blksize beyond 64 bits", {{"blksize", "18446744073709552640"}}, {}},
        Case{"leading zeros are digits", {{"blksize", "001024"}}, {{"blksize", "1024"}}},
        Case{"names have no case, and go back as they came",
             {{"BlkSize", "1024"}, {"TSIZE", "0"}},
             {{"BlkSize", "1024"}, {"TSIZE", "123456"}}},
        Case{"windowsize 0", {{"windowsize", "0"}}, {}},
        Case{"windowsize 1", {{"windowsize", "1"}}, {{"windowsize", "1"}}},
        Case{"windowsize 4", {{"windowsize", "4"}}, {{"windowsize", "4"}}},
        Case{"windowsize 65535", {{"windowsize", "65535"}}, {{"windowsize", "64"}}},
        Case{"windowsize 65536", {{"windowsize", "65536"}}, {}},
        Case{"tsize", {{"tsize", "0"}}, {{"tsize", "123456"}}},
        Case{"tsize with a value", {{"tsize", "9"}}, {{"tsize", "123456"}}},
        Case{"tsize negative", {{"tsize", "-1"}}, {}}, Case{"tsize text", {{"tsize", "?"}}, {}},
        Case{"timeout 0", {{"timeout", "0"}}, {}},
        Case{"timeout 1", {{"timeout", "1"}}, {{"timeout", "1"}}},
        Case{"timeout 255", {{"timeout", "255"}}, {{"timeout", "255"}}},
        Case{"timeout 256", {{"timeout", "256"}}, {}},
        Case{"utimeout", {{"utimeout", "50000"}}, {{"utimeout", "50000"}}},
        Case{"utimeout too short", {{"utimeout", "9999"}}, {}},
        Case{"one timeout only", {{"timeout", "3"}, {"utimeout", "50000"}}, {{"timeout", "3"}}},
        Case{"the first of a name counts",
             {{"blksize", "1024"}, {"BLKSIZE", "1400"}},
             {{"blksize", "1024"}}},
        Case{"also when it is bad", {{"blksize", "7"}, {"blksize", "1400"}}, {}},
        Case{"all at once, in the order of the request",
             {{"windowsize", "99"}, {"timeout", "255"}, {"blksize", "9000"}, {"tsize", "0"}},
             {{"windowsize", "64"}, {"timeout", "255"}, {"blksize", "1468"}, {"tsize", "123456"}}}),
    [](const auto& parameter) {
      std::string name;
      for (const char c : std::string_view{parameter.param.what}) {
        name += std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
      }
      return name.append(std::to_string(parameter.index));
    });

TEST(NegotiationLimits, NoSizeOfATranslatedFile) {
  EXPECT_EQ(terms_for({{"tsize", "0"}}, {1468, 1, std::nullopt}).oack_length, 0);
}

TEST(NegotiationLimits, TheLongestAnswerFits) {
  const TftpTerms terms = terms_for(
      {{"blksize", "65464"}, {"tsize", "0"}, {"utimeout", "255000000"}, {"windowsize", "65535"}},
      {65464, 64, UINT64_MAX});
  EXPECT_GT(terms.oack_length, 60);
  EXPECT_EQ(terms.timeout, Nanoseconds{255s});
}

TEST(NegotiationLimits, AsManyOptionsAsAPacketHolds) {
  Server server;
  const Octets file = pattern(100);
  server.serve("file", file);
  Client client(server);
  Options many;
  for (int i = 0; i < 15; ++i) many.emplace_back(std::to_string(i), "1");
  many.emplace_back("blksize", "1024");
  for (int i = 0; i < 100; ++i) many.emplace_back(std::to_string(i), "2");
  EXPECT_EQ(client.asks("file", many), Outcome::tftp_opened);
  client.hears_oack({{"blksize", "1024"}});
}

}  // namespace
}  // namespace reveille::test
