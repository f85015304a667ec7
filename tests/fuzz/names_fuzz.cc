// Templates, patterns and names from strangers and from operators: the input is a client's facts,
// a name that it asks for, a rule's pattern and result, and the text of a template.
#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "fuzz/require.h"
#include "image/memory_image.h"
#include "names/name_rules.h"
#include "text/template.h"

namespace reveille {
namespace {

using test::make_image;

// Takes the input apart from the front: strings end at a zero octet.
class Input {
 public:
  explicit Input(Bytes bytes) : rest_(bytes) {}

  void fill(MutableBytes to) {
    const std::size_t length = std::min(to.size(), rest_.size());
    std::copy_n(rest_.begin(), length, to.begin());
    rest_ = rest_.subspan(length);
  }
  std::string text() {
    const auto end = std::find(rest_.begin(), rest_.end(), 0);
    std::string text(rest_.begin(), end);
    rest_ = rest_.subspan(std::min(text.size() + 1, rest_.size()));
    return text;
  }

 private:
  Bytes rest_;
};

ClientFacts facts_from(Input& input) {
  ClientFacts client;
  std::array<std::uint8_t, 32> octets{};
  input.fill(octets);
  client.address = Ipv4Address::from(&octets[0]);
  client.next_server = Ipv4Address::from(&octets[4]);
  client.mac = MacAddress::from(&octets[8]);
  std::copy_n(&octets[14], 16, client.uuid.octets.begin());
  client.architecture = load_be16(&octets[30]);
  client.set_host_name(input.text());
  return client;
}

bool is_harmless(std::string_view text) {
  return std::ranges::all_of(text, [](unsigned char c) {
    return c < 0x80 && (std::isalnum(c) != 0 || c == '-' || c == '_' || c == '.');
  });
}

void check_variables(const ClientFacts& client) {
  std::array<char, kVariableLengthMax> room;
  const std::size_t length = write_variable(*parse_variable("hostname"), client, room);
  require(length <= ClientFacts::kHostNameMax && is_harmless({room.data(), length}));
  require(length == 0 || room[0] != '.');
}

// Any stretch of a text is that stretch of the whole, and nothing is written behind it.
void check_template(std::string_view source, const ClientFacts& client) {
  const auto text = Template::parse(source, Template::Captures::none);
  if (!text) {
    require(text.error().offset <= source.size() && !text.error().text.empty());
    return;
  }
  const std::size_t size = text->size(client);
  require(size <= text->size_max());
  if (size > kTemplateSizeMax) return;
  std::vector<std::uint8_t> whole(size + 1, 0xa5);
  require(text->write(client, 0, whole) == size && whole[size] == 0xa5);
  const std::size_t step = std::max<std::size_t>(size / 7, 1);
  for (std::size_t offset = 0; offset <= size; offset += step) {
    std::vector<std::uint8_t> part(step + 1, 0xa5);
    const std::size_t written = text->write(client, offset, MutableBytes(part).first(step));
    require(written == std::min(step, size - offset) && part[step] == 0xa5);
    require(std::equal(part.begin(), part.begin() + static_cast<std::ptrdiff_t>(written),
                       whole.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
}

const Catalogue& folder() {
  static const Catalogue kFolder({make_image("a", {1}), make_image("a/b", {2}),
                                  make_image("hosts/node1", {3}), make_image("grub.cfg", {4})},
                                 {});
  return kFolder;
}

void check_rule(const NameRuleConfig& rule, std::string_view name, const ClientFacts& client) {
  if (const auto problem = NameRules::problem_of(rule, false)) {
    require(!problem->problem.text.empty());
    return;
  }
  const auto rules = NameRules::build({rule, {"^grub", "hosts/{{hostname}}"}}, false, 1);
  if (!rules) return;  // too large, says Hyperscan
  const Image* const image = (*rules)->find(name, client, folder(), 0);
  const auto& all = folder().images();
  require(image == nullptr ||
          std::ranges::any_of(all, [image](const auto& one) { return one.get() == image; }));
  require(image == (*rules)->find(name, client, folder(), 0));
}

}  // namespace
}  // namespace reveille

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace reveille;
  // A pattern of thousands of octets makes Hyperscan compile for seconds.
  if (size > 1024) return 0;
  Input input({data, size});
  const ClientFacts client = facts_from(input);
  check_variables(client);
  const std::string name = input.text();
  const NameRuleConfig rule{.match = input.text(), .to = input.text()};
  check_template(input.text(), client);
  if (rule.match.size() <= 64) check_rule(rule, name, client);
  return 0;
}
