#include "control/interface_watch.h"

#include <algorithm>
#include <net/if.h>

namespace reveille {
namespace {

InterfaceWatch::News news_of(const std::string& interface, InterfaceState state) {
  const std::string name = "interface " + interface;
  switch (state) {
    case InterfaceState::up:
      return {name + ": the link is up again", false};
    case InterfaceState::no_carrier:
      return {name + " has no carrier: no machine is heard on it", true};
    case InterfaceState::down:
      return {name + " is down: no machine is heard on it (ip link set " + interface + " up)",
              true};
    case InterfaceState::gone:
      return {name + " is gone; to serve one that takes its place, restart reveille", true};
  }
  return {};
}

}  // namespace

InterfaceWatch::InterfaceWatch(const Config& config) {
  for (const InterfaceConfig& port : config.interfaces) {
    const unsigned index = if_nametoindex(port.interface.c_str());
    if (index != 0) all_.push_back({port.interface, index});
  }
}

std::vector<InterfaceWatch::News> InterfaceWatch::look() {
  std::vector<News> news;
  for (Watched& one : all_) {
    const InterfaceState state = interface_state(one.name, one.index);
    if (state == one.state) continue;
    one.state = state;
    news.push_back(news_of(one.name, state));
  }
  return news;
}

std::string_view InterfaceWatch::state_of(const std::string& interface) const {
  const auto found = std::ranges::find(all_, interface, &Watched::name);
  return found == all_.end() ? std::string_view{} : name(found->state);
}

}  // namespace reveille
