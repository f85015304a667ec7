#include "text/template.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace reveille {
namespace {

ClientFacts client() {
  ClientFacts facts;
  facts.address = Ipv4Address::of(10, 77, 1, 5);
  facts.mac = *MacAddress::parse("52:54:00:12:34:ab");
  return facts;
}

Template parsed(std::string_view text, Template::Captures captures = Template::Captures::none) {
  auto result = Template::parse(text, captures);
  EXPECT_TRUE(result) << result.error().text;
  return result ? *result : Template{};
}

std::string whole(const Template& text, const ClientFacts& facts) {
  std::string out(text.size(facts) + 10, '?');
  const std::size_t length =
      text.write(facts, 0, {reinterpret_cast<std::uint8_t*>(out.data()), out.size()});
  EXPECT_EQ(length, text.size(facts));
  EXPECT_LE(length, text.size_max());
  return out.substr(0, length);
}

TEST(Template, FillsInWhatIsKnown) {
  EXPECT_EQ(whole(parsed("#!ipxe\necho {{mac}} at {{ip}}\n"), client()),
            "#!ipxe\necho 52:54:00:12:34:ab at 10.77.1.5\n");
  EXPECT_EQ(whole(parsed("{{mac}}{{mac}}"), client()), "52:54:00:12:34:ab52:54:00:12:34:ab");
  EXPECT_EQ(whole(parsed(""), client()), "");
}

TEST(Template, LeavesOutWhatIsNot) {
  EXPECT_EQ(whole(parsed("[{{uuid}}]"), client()), "[]");
  EXPECT_EQ(whole(parsed("[{{uuid|none}}]"), client()), "[none]");
  EXPECT_EQ(whole(parsed("[{{ip|none}}]"), client()), "[10.77.1.5]");
}

// iPXE's own variables, GRUB's and the shell's have other marks.
TEST(Template, LeavesAllElseAlone) {
  const std::string script = "chain ${next-server}/$x {a} } }} \\1 \\\\ {{{{mac}}";
  EXPECT_EQ(whole(parsed(script), client()), "chain ${next-server}/$x {a} } }} \\1 \\\\ {{mac}}");
}

// A block of a transfer is any stretch of the text.
TEST(Template, WritesAnyStretch) {
  const Template text = parsed("one {{mac}} two {{uuid|three}} {{ip}}.");
  const std::string all = whole(text, client());
  for (std::size_t offset = 0; offset <= all.size() + 2; ++offset) {
    for (std::size_t length = 0; length <= all.size() + 2; ++length) {
      std::vector<std::uint8_t> room(length, '?');
      const std::size_t written = text.write(client(), offset, room);
      const std::string expected = offset < all.size() ? all.substr(offset, length) : "";
      ASSERT_EQ(std::string(room.begin(), room.begin() + static_cast<long>(written)), expected);
      ASSERT_TRUE(std::all_of(room.begin() + static_cast<long>(written), room.end(),
                              [](std::uint8_t octet) { return octet == '?'; }));
    }
  }
}

TEST(Template, SaysWhatIsWrongAndWhere) {
  const auto problem = [](std::string_view text, Template::Captures captures) {
    const auto result = Template::parse(text, captures);
    return result ? std::string("none")
                  : std::to_string(result.error().offset) + ": " + result.error().text;
  };
  EXPECT_EQ(problem("ab{{mac", Template::Captures::none), "2: a variable that does not end in }}");
  EXPECT_EQ(problem("{{mac}} {{mak}}", Template::Captures::none),
            "8: unknown variable \"mak\"; there are mac, ip, uuid, arch, serial, hostname, "
            "next_server");
  EXPECT_EQ(problem("a\\b", Template::Captures::numbered),
            "1: a backslash begins a capture, \\0 to \\9; write / between folders");
  EXPECT_EQ(problem("a\\", Template::Captures::numbered),
            "1: a backslash begins a capture, \\0 to \\9; write / between folders");
}

TEST(Template, MakesNames) {
  const Template text = parsed("hosts/{{mac:hexhyp}}/\\1\\1", Template::Captures::numbered);
  EXPECT_EQ(text.capture_max(), 1);
  EXPECT_EQ(text.capture_max_offset(), 21U);
  const std::array<std::string_view, 2> captured{"whole", "part"};
  std::array<char, 34> room;
  std::size_t length = 0;
  EXPECT_FALSE(text.write_name({}, captured, room, length)) << "the MAC address is not known";
  ASSERT_TRUE(text.write_name(client(), captured, std::span(room).first(32), length));
  EXPECT_EQ(std::string_view(room.data(), length), "hosts/52-54-00-12-34-ab/partpart");
  EXPECT_FALSE(text.write_name(client(), captured, std::span(room).first(31), length));
}

}  // namespace
}  // namespace reveille
