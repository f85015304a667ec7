#include "control/replay/capture_file.h"

#include <chrono>
#include <memory>

#include <pcap/pcap.h>

namespace reveille {

tl::expected<void, std::string> for_each_frame(const std::string& file, const SeeFrame& see) {
  char why[PCAP_ERRBUF_SIZE] = "";
  const std::unique_ptr<pcap_t, void (*)(pcap_t*)> capture(pcap_open_offline(file.c_str(), why),
                                                           pcap_close);
  if (!capture) return tl::unexpected("the capture cannot be read: " + std::string(why));
  if (pcap_datalink(capture.get()) != DLT_EN10MB) {
    const char* const name = pcap_datalink_val_to_name(pcap_datalink(capture.get()));
    return tl::unexpected(file + " is a capture of " + (name == nullptr ? "something else" : name) +
                          ", not of Ethernet");
  }
  pcap_pkthdr* header = nullptr;
  const u_char* frame = nullptr;
  int result = 0;
  while ((result = pcap_next_ex(capture.get(), &header, &frame)) == 1) {
    const Instant captured = Instant{} + std::chrono::seconds{header->ts.tv_sec} +
                             std::chrono::microseconds{header->ts.tv_usec};
    see({frame, header->caplen}, captured);
  }
  if (result == PCAP_ERROR) {
    return tl::unexpected(file + ": " + std::string(pcap_geterr(capture.get())));
  }
  return {};
}

}  // namespace reveille
