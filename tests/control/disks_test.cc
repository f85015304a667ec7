#include "control/commands/disks.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace reveille {
namespace {

using Json = nlohmann::json;

TEST(DisksPage, NamesEachDiskAndWhoUsesIt) {
  const Json report = Json::parse(R"([
    {"address":"e0.1","file":"/srv/lab.img","mode":"shared","bytes":4000000000,"in_memory":true,
     "clients":[{"client":"52:54:00:12:34:56","reads":1234,"writes":5,"overlay_bytes":8192}]},
    {"address":"e0.2","file":"/srv/own.img","mode":"private","bytes":512,"in_memory":false,
     "clients":[]}])");
  EXPECT_EQ(disks_page(report),
            "e0.1  /srv/lab.img, shared, 4.00 GB, in memory, in use by 1\n"
            "    52:54:00:12:34:56         1 234 reads             5 writes  overlay  8.19 kB\n"
            "e0.2  /srv/own.img, private, 512 bytes, from the file, in use by 0\n");
}

TEST(DisksPage, SaysWhyADiskIsNotServed) {
  EXPECT_EQ(disks_page(Json::parse(R"([{"address":"e0.3","file":"/srv/x.img","mode":"private",
                "problem":"disk e0.3: /srv/x.img is no ordinary file"}])")),
            "e0.3  /srv/x.img, private, not served: disk e0.3: /srv/x.img is no ordinary file\n");
}

TEST(DisksPage, AnswerOfAnotherVersionIsShownAsFarAsItIsKnown) {
  EXPECT_EQ(disks_page(Json::array()), "no disks are served\n");
  EXPECT_EQ(disks_page(Json::parse(R"([1, {"clients":[2]}])")),
            "  , , 0 bytes, from the file, in use by 1\n");
}

}  // namespace
}  // namespace reveille
