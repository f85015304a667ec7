// What peers of the control socket write about leases, as it comes to two or three workers that
// lease addresses meanwhile. Every line has an answer that makes sense, and no address two holders.
//
// The input is what is written, but for lines that begin with `!`, which say what else happens:
//
//   !w N   so many workers; the first line only
//   !c N   what follows comes by another connection
//   !l N   machine N asks for an address
//   !t N   time passes, see kSteps
//   !r N   a reload begins; its pools by the bits of N
//   !R     it takes effect
//   !s !b  the workers, the store: stop answering, or go on
//   !h     what workers tell each other stays on its way, or arrives
//   !m N   an import of so many leases
//   !n N   an import that is nested so deeply
//   !f N   so many octets of one line
#include <charconv>
#include <deque>
#include <fcntl.h>
#include <map>
#include <set>
#include <sys/socket.h>

#include <nlohmann/json.hpp>

#include "control/socket/commands.h"
#include "control/socket/control_socket.h"
#include "control/socket/lease_commands.h"
#include "control/socket/unix_address.h"
#include "control/test_folder.h"
#include "fuzz/lease_desk.h"
#include "fuzz/require.h"

namespace reveille::test {
namespace {

constexpr std::size_t kConnectionsMax = 3;
constexpr std::size_t kHappeningsMax = 64;
constexpr Nanoseconds kSteps[] = {1ms, 10ms, 100ms, 1s, 4s, 6s, 11s, 61s, 601s, 3601s};
constexpr Ipv4Address kNet = LeaseDeskLab::kNet;

// ---- what is asked, and what is answered

void check_report(const Json& leases, const Json& report) {
  require(report.is_object() && report.size() == 3);
  const auto taken = report.at("taken").get<std::size_t>();
  require(report.at("bound").get<std::size_t>() <= taken);
  std::set<std::size_t> places;
  for (const Json& one : report.at("left_out")) {
    require(one.is_array() && one.size() == 2 && !one[1].get<std::string>().empty());
    require(places.insert(one[0].get<std::size_t>()).second);
  }
  require(places.empty() || *places.rbegin() < leases.size());
  require(taken + places.size() == leases.size());
}

void check_answer(const std::string& request, const std::string& line) {
  const Json answer = Json::parse(line, nullptr, false);
  require(answer.is_object() && answer.size() == 1);
  if (answer.contains("error")) {
    require(!answer["error"].get<std::string>().empty());
    return;
  }
  const Json& result = answer.at("result");
  // What has a result was a request that makes sense.
  const Json asked = Json::parse(request, nullptr, false);
  require(asked.is_object() && asked.at("command").is_string());
  if (asked["command"] != "import") return require(result.empty());
  const Json& leases = asked.at("arguments").at("leases");
  require(leases.size() <= LeaseImport::kLeasesMax);
  check_report(leases, result);
}

// One for all inputs: what it holds is gone when its clients are.
struct Door {
  Door() : control(std::move(*ControlSocket::listen(folder.path("s")))) {}
  Folder folder;
  std::unique_ptr<ControlSocket> control;
  ControlSocket::Time now{};
};
Door& door() {
  static Door one;
  return one;
}

// A peer that reads what it is told.
class Peer {
 public:
  Peer() : descriptor_(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
    const auto address = *unix_address(door().folder.path("s"));
    require(connect(descriptor_.number(), reinterpret_cast<const sockaddr*>(&address),
                    sizeof address) == 0);
  }
  void write(std::string_view text) { unsent_ += text; }
  // As much as goes without waiting.
  void turn() {
    const ssize_t sent = send(descriptor_.number(), unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
    if (sent > 0) take_lines(static_cast<std::size_t>(sent));
    std::array<char, 65536> bytes;
    while (!dismissed_) {
      const ssize_t count = recv(descriptor_.number(), bytes.data(), bytes.size(), 0);
      if (count < 0 && errno == EAGAIN) break;
      if (count <= 0) {
        dismissed_ = true;
        break;
      }
      heard_.append(bytes.data(), static_cast<std::size_t>(count));
    }
    for (std::size_t end; (end = heard_.find('\n')) != std::string::npos;) {
      hear(heard_.substr(0, end));
      heard_.erase(0, end + 1);
    }
  }
  [[nodiscard]] bool dismissed() const { return dismissed_; }
  [[nodiscard]] bool waits() const { return !dismissed_ && (!asked_.empty() || !unsent_.empty()); }

 private:
  void take_lines(std::size_t sent) {
    line_ += unsent_.substr(0, sent);
    unsent_.erase(0, sent);
    for (std::size_t end; (end = line_.find('\n')) != std::string::npos;) {
      asked_.push_back(line_.substr(0, end));
      line_.erase(0, end + 1);
    }
  }
  void hear(const std::string& answer) {
    if (asked_.empty()) {
      // A line without an end is refused before it has one.
      require(line_.size() > ControlSocket::Limits{}.request_bytes);
      return check_answer({}, answer);
    }
    check_answer(asked_.front(), answer);
    asked_.pop_front();
  }

  FileDescriptor descriptor_;
  std::string unsent_;
  std::string line_;  // that has no end yet
  std::string heard_;
  std::deque<std::string> asked_;  // and not answered
  bool dismissed_ = false;
};

std::string import_of(unsigned count) {
  Json leases = Json::array();
  for (std::uint32_t i = 0; i < std::min(count, 1100U); ++i) {
    leases.push_back(Json::array(
        {Ipv4Address{kNet.value + 10 + i}.text(), "bound", machine(i).text(), nullptr, ""}));
  }
  return Json{{"command", "import"}, {"arguments", {{"leases", leases}}}}.dump() + "\n";
}

std::string nested_import(unsigned depth) {
  depth = std::min(depth, 32'000U);
  return R"({"command":"import","arguments":{"leases":)" + std::string(depth, '[') +
         std::string(depth, ']') + "}}\n";
}

class Story {
 public:
  explicit Story(unsigned workers) : desk_(workers) {
    door().control->set_handler(
        [this](std::string_view request, const ControlSocket::Reply& reply) {
          run_command(commands_, request, reply);
        });
  }
  // NOLINTNEXTLINE(bugprone-exception-escape): it ends the fuzzer, as it should
  ~Story() {
    peers_.clear();
    turn();  // they leave
    door().control->set_handler({});
  }

  void happen(char what, unsigned number) {
    switch (what) {
      case 'c':
        peer_ = number % kConnectionsMax;
        return;
      case 'l':
        return desk_.lease(number % 64);
      case 't':
        return pass(kSteps[number % std::size(kSteps)]);
      case 'r':
        return desk_.begin_reload(number);
      case 'R':
        return desk_.end_reload();
      case 's':
        return desk_.stop_or_go_workers();
      case 'b':
        return desk_.stop_or_go_store();
      case 'h':
        return desk_.hold_or_deliver();
      case 'm':
        return write(import_of(number));
      case 'n':
        return write(nested_import(number));
      case 'f':
        return write(std::string(std::min(number, 70'000U), 'x'));
      default:
        return;
    }
  }
  void write(std::string_view text) {
    std::unique_ptr<Peer>& peer = peers_[peer_];
    if (peer == nullptr || peer->dismissed()) peer = std::make_unique<Peer>();
    peer->write(text);
    pass(1ms);
  }
  void end() {
    desk_.go_on();
    for (int turns = 0; turns < 4000 && is_awaited(); ++turns) pass(1ms);
    require(!is_awaited());
    desk_.ask_all();
  }

 private:
  void pass(Nanoseconds time) {
    desk_.turn(time);
    turn();
  }
  void turn() {
    door().now += desk_.uptime() - std::exchange(turned_at_, desk_.uptime());
    door().control->turn(door().now);
    require(door().control->clients() <= ControlSocket::Limits{}.clients);
    for (const auto& [number, peer] : peers_) {
      if (peer) peer->turn();
    }
  }
  [[nodiscard]] bool is_awaited() const {
    return std::ranges::any_of(
        peers_, [](const auto& entry) { return entry.second && entry.second->waits(); });
  }

  LeaseDeskLab desk_;
  Commands commands_ = lease_commands_of(desk_);
  std::map<std::size_t, std::unique_ptr<Peer>> peers_;
  std::size_t peer_ = 0;
  Nanoseconds turned_at_ = desk_.uptime();
};

unsigned number_in(std::string_view words) {
  unsigned number = 0;
  const std::size_t begin = std::min(words.find_first_not_of(' '), words.size());
  std::from_chars(words.data() + begin, words.data() + words.size(), number);
  return number;
}

void tell(std::string_view input) {
  unsigned workers = 2;
  std::optional<Story> story;
  std::size_t happenings = 0;
  while (!input.empty()) {
    const std::size_t end = std::min(input.find('\n'), input.size() - 1) + 1;
    const std::string_view line = input.substr(0, end);
    input.remove_prefix(end);
    const bool happens = line.size() >= 2 && line[0] == '!';
    if (!story) {
      if (happens && line[1] == 'w') workers = 1 + number_in(line.substr(2)) % 3;
      story.emplace(workers);
    }
    if (++happenings > kHappeningsMax) break;
    if (happens) {
      story->happen(line[1], number_in(line.substr(2)));
    } else {
      story->write(line);
    }
  }
  if (story) story->end();
}

}  // namespace
}  // namespace reveille::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  reveille::test::tell({reinterpret_cast<const char*>(data), size});
  return 0;
}
