#include "control/log/log.h"

#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "log_events.h"

namespace reveille {
namespace {

using test::at;
using test::dhcp;
using test::tftp;

// 2026-03-01T12:00:00Z
constexpr WallClock::Time kNoon{std::chrono::seconds{1'772'366'400}};

class LogTest : public testing::Test {
 protected:
  LogTest() {
    setenv("TZ", "UTC", 1);
    tzset();
  }
  Log& start(LogConfig config = {}) {
    log.emplace(config, out);
    log->set_clock(at(0s), kNoon);
    return *log;
  }
  std::vector<std::string> lines() {
    std::vector<std::string> lines;
    std::istringstream in{out.str()};
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }

  std::ostringstream out;
  std::optional<Log> log;
};

TEST_F(LogTest, TellsTheStoryOfABoot) {
  start();
  log->write(dhcp(EventKind::dhcp_offered, 1s));
  log->write(dhcp(EventKind::dhcp_acked, 1234ms));
  log->write(tftp(EventKind::tftp_opened, 1300ms, "snponly.efi", 300'000));
  Event done = tftp(EventKind::tftp_completed, 1400ms, "snponly.efi", 300'000);
  done.elapsed = 100ms;
  log->write(done);
  log->write(tftp(EventKind::tftp_timed_out, 60s, "vmlinuz", 1'000'000));
  EXPECT_EQ(out.str(),
            "12:00:01.000   52:54:00:12:34:56  x64 UEFI         offered 10.77.1.5, boots "
            "snponly.efi\n"
            "12:00:01.234   52:54:00:12:34:56  x64 UEFI         acked 10.77.1.5, boots "
            "snponly.efi\n"
            "12:00:01.300   52:54:00:12:34:56  x64 UEFI         asks for snponly.efi, 300 kB\n"
            "12:00:01.400   52:54:00:12:34:56  x64 UEFI         got snponly.efi, 300 kB in 0.10 s, "
            "3.0 MB/s\n"
            "12:01:00.000 ! 52:54:00:12:34:56  x64 UEFI         fell silent in vmlinuz after "
            "1.00 MB\n");
}

TEST_F(LogTest, SaysWhoIsStuckWhere) {
  start();
  log->write(dhcp(EventKind::dhcp_acked, 1s));
  log->tick(at(10s));
  log->tick(at(31s));
  ASSERT_EQ(lines().size(), 2U);
  EXPECT_EQ(lines()[1],
            "12:00:31.000 ! 52:54:00:12:34:56  x64 UEFI         stuck: 30 s ago it was first acked "
            "10.77.1.5, boots snponly.efi; it has not asked for snponly.efi");
}

TEST_F(LogTest, SaysHowManyLinesAreMissing) {
  start({.lines_per_client_per_minute = 2});
  for (int i = 0; i < 5; ++i) {
    log->write(tftp(EventKind::tftp_not_found, 1s, "menu" + std::to_string(i)));
  }
  EXPECT_EQ(lines().size(), 2U);
  log->write(tftp(EventKind::tftp_not_found, 62s, "menu"));
  ASSERT_EQ(lines().size(), 4U);
  EXPECT_EQ(lines()[2], "12:01:02.000   10.77.1.5                           3 lines left out");
}

TEST_F(LogTest, JsonLinesAreObjects) {
  start({.format = LogFormat::json, .lines_per_client_per_minute = 1});
  log->write(dhcp(EventKind::dhcp_acked, 1s));
  log->write(dhcp(EventKind::dhcp_acked, 1s));
  log->note("serving");
  log->warn("\xff\n{}%v\"");
  log->tick(at(70s));
  OutcomeCounts counts;
  counts.add(Outcome::dhcp_acked, 2);
  log->finish(at(71s), {&counts, 1});
  std::vector<nlohmann::json> objects;
  for (const std::string& line : lines()) objects.push_back(nlohmann::json::parse(line));
  ASSERT_EQ(objects.size(), 6U);
  EXPECT_EQ(objects[0]["time"], "2026-03-01T12:00:01.000Z");
  EXPECT_EQ(objects[0]["event"], "dhcp_acked");
  EXPECT_EQ(objects[1]["event"], "note");
  EXPECT_EQ(objects[1]["text"], "serving");
  EXPECT_EQ(objects[2]["level"], "warning");
  EXPECT_EQ(objects[2]["text"], "\\xff\\x0a{}%v\"");
  EXPECT_EQ(objects[3]["event"], "lines_left_out");
  EXPECT_EQ(objects[4]["event"], "stuck");
  EXPECT_EQ(objects[4]["client"], "52:54:00:12:34:56");
  EXPECT_EQ(objects[5]["event"], "outcomes");
  EXPECT_EQ(objects[5]["outcomes"]["dhcp_acked"]["frames"], 2);
}

TEST_F(LogTest, NotesAreOneLineWhateverTheySay) {
  start();
  log->note("images: a\nb {} %v");
  log->error(std::string(100'000, '\x01'));
  log->lost(0);
  log->lost(17);
  ASSERT_EQ(lines().size(), 3U);
  EXPECT_TRUE(std::regex_match(lines()[0],
                               std::regex{R"(\d\d:\d\d:\d\d\.\d{3}   images: a\\x0ab \{\} %v)"}));
  EXPECT_LT(lines()[1].size(), 20'000U);
  EXPECT_NE(lines()[2].find("! 17 steps of clients are missing"), std::string::npos);
}

TEST_F(LogTest, EndsWithTheTableOfOutcomes) {
  start();
  OutcomeCounts counts;
  counts.add(Outcome::arp_answered, 3);
  log->finish(at(0s), {&counts, 1});
  EXPECT_NE(out.str().find("arp_answered"), std::string::npos);
  EXPECT_FALSE(out.str().ends_with("\n\n"));
}

TEST_F(LogTest, WritesToAFileWithDatesAndReopensIt) {
  const auto folder =
      std::filesystem::temp_directory_path() / ("reveille-log-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  const auto path = folder / "reveille.log";
  auto opened = Log::open({.file = path.string()});
  ASSERT_TRUE(opened);
  (*opened)->set_clock(at(0s), kNoon);
  (*opened)->write(dhcp(EventKind::dhcp_released, 1s, ""));
  (*opened)->tick(at(2s));
  std::filesystem::rename(path, folder / "old.log");
  EXPECT_TRUE((*opened)->reopen());
  (*opened)->write(dhcp(EventKind::dhcp_acked, 3s, ""));
  opened->reset();
  const auto content = [](const std::filesystem::path& file) {
    std::stringstream text;
    text << std::ifstream{file}.rdbuf();
    return text.str();
  };
  EXPECT_EQ(content(folder / "old.log"),
            "2026-03-01 12:00:01.000   52:54:00:12:34:56  x64 UEFI         released 10.77.1.5\n");
  EXPECT_EQ(content(path),
            "2026-03-01 12:00:03.000   52:54:00:12:34:56  x64 UEFI         acked 10.77.1.5\n");
  std::filesystem::remove_all(folder);
}

TEST_F(LogTest, AFileThatCannotBeWrittenIsOneSentence) {
  const auto opened = Log::open({.file = "/proc/no/such/folder/log"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().find("the log cannot be opened: "), 0U) << opened.error();
  EXPECT_EQ(opened.error().find('\n'), std::string::npos);
}

TEST(WallClock, MapsInstantsBothWays) {
  WallClock clock;
  clock.set(at(10s), kNoon);
  EXPECT_EQ(clock.at(at(11500ms)), kNoon + std::chrono::milliseconds{1500});
  EXPECT_EQ(clock.at(at(9s)), kNoon - std::chrono::seconds{1});
}

}  // namespace
}  // namespace reveille
