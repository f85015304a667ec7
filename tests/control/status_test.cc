// `reveille status`: the page made of a report, and where the report comes from.
#include "control/commands/status.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "test_folder.h"

namespace reveille {
namespace {

nlohmann::json report() {
  return nlohmann::json::parse(R"({
    "version": "0.1.0", "process": 4711, "uptime_seconds": 7300,
    "serving": "serving DHCP and TFTP on eth1 as 10.77.0.1/16",
    "ports": [{"name": "eth1", "driver": "net_af_packet", "mac": "52:54:00:12:34:56",
               "link": "no carrier",
               "missed": 3, "no_buffer": 0, "receive_errors": 0, "transmit_errors": 0}],
    "workers": [{"frames_received": 12345, "frames_sent": 12000, "frames_unsent": 1, "busy": 0.125,
                 "transfers": 7, "half_open": 2, "outcomes": {"dhcp_offered": 12345}}],
    "subnets": [{"prefix": "10.77.0.0/16", "addresses": 250, "free": 200, "offered": 10,
                 "bound": 39, "declined": 1}],
    "pools": [{"name": "rack7", "prefix": "10.77.0.0/16", "addresses": 9, "free": 6, "offered": 1,
               "bound": 2, "declined": 0}]
  })");
}

TEST(StatusPage, ShowsEverything) {
  const std::string page = status_page(report());
  EXPECT_EQ(page.substr(0, page.find("dhcp_offered")),
            "reveille 0.1.0, process 4711, up 2 h\n"
            "serving DHCP and TFTP on eth1 as 10.77.0.1/16\n"
            "\n"
            "port         driver                MAC        link  missed  no buffer  errors in  "
            "errors out\n"
            "eth1  net_af_packet  52:54:00:12:34:56  no carrier       3          0          0      "
            "     0\n"
            "\n"
            "worker  frames in  frames out  unsent  busy  transfers  half open\n"
            "0          12 345      12 000       1  13 %          7          2\n"
            "\n"
            "subnet                    addresses  free  offered  bound  declined\n"
            "10.77.0.0/16                    250   200       10     39         1\n"
            "10.77.0.0/16, pool rack7          9     6        1      2         0\n"
            "\n"
            "outcome       verdict     frames  meaning\n");
}

TEST(StatusPage, BearsWithWhatItDoesNotKnow) {
  for (const char* text : {"{}", "[]", "null", R"({"workers":7,"ports":{"a":[]},"subnets":[1]})",
                           R"({"uptime_seconds":-3,"process":"x","version":9})"}) {
    EXPECT_NE(status_page(nlohmann::json::parse(text)).find("reveille"), std::string::npos) << text;
  }
}

TEST(StatusPage, LetsNothingReachTheTerminalUnescaped) {
  auto strange = report();
  strange["ports"][0]["name"] = "eth\x1b[2J";
  EXPECT_EQ(status_page(strange).find('\x1b'), std::string::npos);
}

TEST(ControlPath, IsGivenOrInTheFileOrTheUsualOne) {
  EXPECT_EQ(control_path({}), "/run/reveille/control.sock");
  ConfigArguments given;
  given.control = "/tmp/other.sock";
  EXPECT_EQ(control_path(given), "/tmp/other.sock");
  const test::Folder folder;
  ConfigArguments file;
  file.config_file = folder.write("reveille.toml", "[control]\nsocket = \"here.sock\"\n");
  EXPECT_EQ(control_path(file), folder.path("here.sock"));
  file.config_file = folder.path("none.toml");
  EXPECT_EQ(control_path(file), std::nullopt);
}

}  // namespace
}  // namespace reveille
