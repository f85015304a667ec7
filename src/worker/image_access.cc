#include "worker/image_access.h"

#include <new>
#include <unistd.h>

#include <rte_dev.h>
#include <rte_eal.h>
#include <rte_ethdev.h>
#include <rte_memory.h>

namespace reveille {
namespace {

// Where the count begins and rests. Not 1: DPDK changes a count that reads 1 without an atomic
// operation, which loses updates when the freeing thread is another one than the sending.
constexpr std::uint16_t kIdle = 2;

// How many references are taken at once. With them and a frame for each buffer of the payload
// pool the count stays within its 16 bits.
constexpr std::uint16_t kReferences = 512;

// Never reached: the count rests at kIdle.
void never(void*, void*) {}

static_assert(sizeof(TransmitState) <= sizeof(Image::Hold::transmit_state));
static_assert(alignof(TransmitState) <= 8);

rte_device* device_of(std::uint16_t port) {
  rte_eth_dev_info info{};
  return rte_eth_dev_info_get(port, &info) == 0 ? info.device : nullptr;
}

}  // namespace

std::uint16_t take_references(TransmitState& state) {
  rte_mbuf_ext_refcnt_update(&state.shared, kReferences);
  return kReferences;
}

ImageAccess::ImageAccess(unsigned workers, std::vector<std::uint16_t> physical_ports)
    : workers_(workers), physical_ports_(std::move(physical_ports)) {}

void ImageAccess::admit(const Image& image) {
  if (transmit_state(image, 0).admitted) return;
  const bool in_place = image.resident();  // else its bytes may vanish while a device reads them
  const bool mapped = in_place && !physical_ports_.empty() && map(image);
  for (unsigned worker = 0; worker < workers_; ++worker) {
    auto* state = new (image.hold(worker).transmit_state.data()) TransmitState{};
    state->shared.free_cb = never;
    rte_mbuf_ext_refcnt_set(&state->shared, kIdle);
    state->admitted = true;
    state->in_place = in_place;
    state->mapped = mapped;
  }
}

// A device finds foreign memory only after both the EAL and the IOMMU have been told of it.
bool ImageAccess::map(const Image& image) {
  if (rte_eal_iova_mode() != RTE_IOVA_VA || image.size() == 0) return false;
  if (rte_mem_virt2memseg(image.bytes().data(), nullptr) != nullptr) return true;  // DPDK's own
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const auto first = reinterpret_cast<std::uintptr_t>(image.bytes().data());
  const std::uintptr_t start = first & ~(page - 1);
  const std::size_t length = ((first + image.size() + page - 1) & ~(page - 1)) - start;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): whole pages begin before the image
  const Range range{reinterpret_cast<std::uint8_t*>(start), length};
  if (rte_extmem_register(range.start, range.length, nullptr, 0, page) != 0) return false;
  for (std::size_t i = 0; i < physical_ports_.size(); ++i) {
    rte_device* const device = device_of(physical_ports_[i]);
    if (device != nullptr && rte_dev_dma_map(device, range.start, start, length) == 0) continue;
    while (i-- > 0) rte_dev_dma_unmap(device_of(physical_ports_[i]), range.start, start, length);
    rte_extmem_unregister(range.start, range.length);
    return false;
  }
  mapped_.emplace(&image, range);
  return true;
}

void ImageAccess::dismiss(const Image& image) {
  const auto found = mapped_.find(&image);
  if (found == mapped_.end()) return;
  const Range range = found->second;
  for (const std::uint16_t port : physical_ports_) {
    rte_dev_dma_unmap(device_of(port), range.start, reinterpret_cast<std::uintptr_t>(range.start),
                      range.length);
  }
  rte_extmem_unregister(range.start, range.length);
  mapped_.erase(found);
}

bool ImageAccess::in_transfer(const Image& image) const {
  for (unsigned worker = 0; worker < workers_; ++worker) {
    if (image.hold(worker).transfers.load(std::memory_order_acquire) != 0) return true;
  }
  return false;
}

bool ImageAccess::in_flight(const Image& image) const {
  for (unsigned worker = 0; worker < workers_; ++worker) {
    // Nobody takes references any more: what is spare stays so.
    const TransmitState& state = transmit_state(image, worker);
    const int spare = state.spare.load(std::memory_order_relaxed);
    if (rte_mbuf_ext_refcnt_read(&state.shared) != kIdle + spare) return true;
  }
  return false;
}

}  // namespace reveille
