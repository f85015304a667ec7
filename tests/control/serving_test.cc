// A whole server on a port that hears nothing: what it answers on its control socket.
#include <sstream>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "control/config/config_arguments.h"
#include "control/server.h"
#include "control/socket/commands.h"
#include "test_folder.h"

namespace reveille {
namespace {

using testing::HasSubstr;

class Serving : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new test::Folder;
    folder_->write("undionly.kpxe", "an image");
    write_config("");
    ServerOptions options;
    options.configure = [] {
      ConfigArguments arguments;
      arguments.config_file = folder_->path("r.toml");
      return configure(arguments);
    };
    ParsedConfig parsed = options.configure();
    ASSERT_EQ(parsed.problems.text(), "");
    log_text_ = new std::ostringstream;
    log_ = new Log(parsed.config.log, *log_text_);
    auto started = Server::start(std::make_shared<const Config>(parsed.config), *log_, options);
    ASSERT_TRUE(started) << started.error();
    server_ = std::move(*started);
  }
  static void TearDownTestSuite() {
    if (server_) server_->stop();
    server_.reset();
    delete log_;
    delete log_text_;
    delete folder_;
  }

  static void write_config(const std::string& more) {
    folder_->write("r.toml", R"(
[[interface]]
vdev = "net_null0,no-rx=1"
address = "10.77.0.1/16"
[[subnet]]
prefix = "10.77.0.0/16"
pools = ["10.77.1.0-10.77.1.99"]
[images]
root = "."
)" + more + R"(
[[pool]]
name = "rack7"
ranges = ["10.77.2.0-10.77.2.9"]
[[rule]]
when.vlan = 7
pool = "rack7"
)");
  }

  // The answer, once it is there.
  static Json answer_to(const std::string& request) {
    std::optional<std::string> answer;
    run_command(commands_of(*server_), request,
                [&answer](std::string text) { answer = std::move(text); });
    for (int i = 0; i < 5000 && !answer; ++i) {
      server_->turn();
      std::this_thread::sleep_for(std::chrono::milliseconds{1});
    }
    EXPECT_TRUE(answer) << request;
    EXPECT_EQ(answer->find('\n'), std::string::npos);
    return Json::parse(*answer);
  }
  static std::string error_of(const std::string& request) {
    const Json answer = answer_to(request);
    return answer.contains("error") ? answer["error"].get<std::string>() : "no error";
  }

  static test::Folder* folder_;
  static std::ostringstream* log_text_;
  static Log* log_;
  static std::unique_ptr<Server> server_;
};
test::Folder* Serving::folder_ = nullptr;
std::ostringstream* Serving::log_text_ = nullptr;
Log* Serving::log_ = nullptr;
std::unique_ptr<Server> Serving::server_;

TEST_F(Serving, SaysItsStatus) {
  const Json status = answer_to(R"({"command":"status"})")["result"];
  EXPECT_EQ(status["process"], getpid());
  EXPECT_THAT(status["serving"].get<std::string>(),
              HasSubstr("DHCP and TFTP on net_null0 as 10.77.0.1/16: 110 addresses"));
  ASSERT_EQ(status["workers"].size(), 1u);
  EXPECT_EQ(status["workers"][0]["frames_received"], 0);
  ASSERT_EQ(status["ports"].size(), 1u);
  EXPECT_EQ(status["ports"][0]["driver"], "net_null");
  ASSERT_EQ(status["subnets"].size(), 1u);
  EXPECT_EQ(status["subnets"][0]["prefix"], "10.77.0.0/16");
  EXPECT_EQ(status["subnets"][0]["addresses"], 100);
  EXPECT_EQ(status["subnets"][0]["free"], 100);
  ASSERT_EQ(status["pools"].size(), 1u);
  EXPECT_EQ(status["pools"][0]["name"], "rack7");
  EXPECT_EQ(status["pools"][0]["prefix"], "10.77.0.0/16");
  EXPECT_EQ(status["pools"][0]["free"], 10);
  EXPECT_EQ(status["transfers"]["open"], 0);
  EXPECT_EQ(status["images"]["folder"], folder_->path() + "/");
  EXPECT_GE(status["images"]["count"], 1);
  EXPECT_EQ(status["outcomes"], Json::object());
}

TEST_F(Serving, RefusesWhatItDoesNotKnow) {
  EXPECT_EQ(error_of(R"({"command":"stauts"})"),
            "there is no command \"stauts\"; there are status, reload, release, reserve, "
            "import, disks");
  EXPECT_THAT(error_of("{}"), HasSubstr("there is no command"));
  EXPECT_EQ(error_of(R"({"command":"status","arguments":{"colour":1}})"),
            "there is no argument \"colour\"");
  EXPECT_EQ(error_of(R"({"command":"reload","arguments":{"force":true}})"),
            "there is no argument \"force\"");
  EXPECT_THAT(error_of(R"({"command":"status","really":true})"), HasSubstr("\"really\""));
  EXPECT_THAT(error_of(R"({"command":7})"), HasSubstr("\"command\""));
  EXPECT_THAT(error_of(R"({"command":"status","arguments":[]})"), HasSubstr("\"arguments\""));
}

TEST_F(Serving, RefusesWhatIsNoRequest) {
  for (const std::string& request :
       {std::string(), std::string("status"), std::string("[]"), std::string("{"),
        std::string("{\"command\":\"\xff\"}"), std::string(3, '\0'), std::string(60'000, '['),
        "{\"command\":" + std::string(30'000, '{')}) {
    EXPECT_EQ(error_of(request), "a request is one JSON object a line");
  }
}

// As deep as a line goes: nothing of it may be as deep in the stack.
TEST_F(Serving, RefusesWhatIsNestedWithoutEnd) {
  const std::string lists = std::string(32'000, '[') + std::string(32'000, ']');
  for (const std::string command : {"status", "import", "release"}) {
    EXPECT_EQ(error_of(R"({"command":")" + command + R"(","arguments":{"x":)" + lists + "}}"),
              "there is no argument \"x\"");
  }
  EXPECT_THAT(error_of(R"({"command":"import","arguments":{"leases":)" + lists + "}}"),
              HasSubstr("a lease is [address, state, MAC, end, client-id]"));
}

TEST_F(Serving, ReloadsWhatItCan) {
  write_config("[dhcp]\nlease_time = \"2h\"\n[boot]\ndefault_file = \"undionly.kpxe\"\n");
  const Json answer = answer_to(R"({"command":"reload"})")["result"];
  EXPECT_EQ(answer["need_restart"], Json::array());
  EXPECT_EQ(answer["warnings"], Json::array());
  EXPECT_THAT(answer["serving"].get<std::string>(), HasSubstr("serving DHCP and TFTP"));
  EXPECT_EQ(server_->config().dhcp.lease_time, Seconds{7200});
  EXPECT_EQ(server_->config().boot.default_file, "undionly.kpxe");
  EXPECT_THAT(log_text_->str(), HasSubstr("reloaded: serving"));
}

TEST_F(Serving, SaysWhatWaitsForARestart) {
  write_config("[workers]\ncount = 2\n[dhcp]\nhops_max = 3\n");
  const Json answer = answer_to(R"({"command":"reload"})")["result"];
  EXPECT_EQ(answer["need_restart"], Json::array({"count in [workers]"}));
  EXPECT_EQ(server_->config().workers.count, 1);
  EXPECT_EQ(server_->config().dhcp.hops_max, 3);
  EXPECT_THAT(log_text_->str(), HasSubstr("needs a restart: count in [workers]"));
}

TEST_F(Serving, AWrongFileChangesNothingAndSaysWhy) {
  const Seconds before = server_->config().dhcp.lease_time;
  write_config("[dhcp]\nlease_time = \"never\"\nlaese_time = 5\n");
  const std::string error = error_of(R"({"command":"reload"})");
  EXPECT_THAT(error, HasSubstr("r.toml:11:14: error:"));
  EXPECT_THAT(error, HasSubstr("r.toml:12:1: error: unknown key \"laese_time\""));
  EXPECT_EQ(server_->config().dhcp.lease_time, before);
  EXPECT_THAT(log_text_->str(), HasSubstr("not reloaded, nothing has changed:"));
  EXPECT_THAT(log_text_->str(), HasSubstr("did you mean"));
  folder_->write("r.toml", "[[[");
  EXPECT_THAT(error_of(R"({"command":"reload"})"), HasSubstr("not TOML"));
}

}  // namespace
}  // namespace reveille
