// How tensors get their memory.
//
// A large block is a mapping of its own. Freed, it is kept for the next block of its size, because fresh pages cost
// page faults: up to four fifths of the time of the kernels that fill them. In a heap such blocks would come to lie
// between others that live longer, and leave gaps that nothing fits into. Here at most as much is mapped as was ever in
// use at once: when a block is wanted that no free one has room for, the pages of free ones are moved to it or given
// back.
#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <map>
#include <mutex>
#include <unordered_map>

#include "compat.h"

#ifdef __linux__
#include <sys/mman.h>

#include <cstdlib>

namespace rl {
namespace {

/// From this size on a block is a mapping; LibTorch's own alignment below.
constexpr size_t kLargeBytes = size_t{1} << 20;
constexpr size_t kAlignment = 64;

/// Sizes of mappings are multiples of this, so that blocks of almost one size are of one.
constexpr size_t kGranule = size_t{64} << 10;
constexpr size_t kPage = size_t{4} << 10;

/// Mappings that are in use or wait for it. Safe to call from any thread.
class Mappings {
 public:
  void* take(size_t bytes) {
    const size_t size = (bytes + kGranule - 1) / kGranule * kGranule;
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto [block, taken] = find(size, std::max(most_, used_bytes_ + size));
    if (block != nullptr) {
      used_.emplace(block, taken);
      used_bytes_ += taken;
      most_ = std::max(most_, used_bytes_);
    }
    return block;
  }

  /// False for a block that is none of these.
  bool give_back(void* block) {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = used_.find(block);
    if (found == used_.end()) return false;
    used_bytes_ -= found->second;
    keep(block, found->second);
    used_.erase(found);
    return true;
  }

 private:
  using Block = std::pair<void*, size_t>;

  /// `most`: bytes that may be mapped with it, which a block that cannot be had must not raise for good.
  Block find(size_t size, size_t most) {
    auto fit = free_.lower_bound(size);
    if (fit != free_.end() && fit->first <= size + size / 8) return drop(fit);
    const bool has_room = used_bytes_ + free_bytes_ + size <= most;
    if (has_room) return map(size);
    if (fit != free_.end()) {
      const auto [block, whole] = drop(fit);
      keep(static_cast<char*>(block) + size, whole - size);
      return {block, size};
    }
    return grow(size, most);
  }

  /// The largest free block with more pages, for which others are given back.
  Block grow(size_t size, size_t most) {
    if (free_.empty()) return map(size);
    const auto [block, before] = drop(std::prev(free_.end()));
    while (!free_.empty() && used_bytes_ + free_bytes_ + size > most) {
      shed(used_bytes_ + free_bytes_ + size - most);
    }
    void* const grown = mremap(block, before, size, MREMAP_MAYMOVE);
    if (grown != MAP_FAILED) return {grown, size};
    munmap(block, before);
    return map(size);
  }

  /// Gives back `bytes` of a free block, or all of the largest where none has as many.
  void shed(size_t bytes) {
    const auto fit = free_.lower_bound(bytes);
    const auto [block, whole] = drop(fit != free_.end() ? fit : std::prev(free_.end()));
    const size_t part = std::min(whole, bytes);
    munmap(static_cast<char*>(block) + (whole - part), part);
    if (whole > part) keep(block, whole - part);
  }

  Block map(size_t size) {
    for (;;) {
      void* const block = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (block != MAP_FAILED) return {block, size};
      if (free_.empty()) return {nullptr, 0};
      shed(free_bytes_);
    }
  }

  void keep(void* block, size_t size) {
    free_.emplace(size, block);
    free_bytes_ += size;
  }

  Block drop(std::multimap<size_t, void*>::iterator entry) {
    const Block block{entry->second, entry->first};
    free_bytes_ -= entry->first;
    free_.erase(entry);
    return block;
  }

  std::mutex mutex_;
  std::unordered_map<void*, size_t> used_;
  std::multimap<size_t, void*> free_;
  size_t used_bytes_ = 0, free_bytes_ = 0, most_ = 0;
};

Mappings& mappings() {
  static Mappings* const all = new Mappings;  // Tensors may outlive every static object.
  return *all;
}

void free_block(void* block) {
  if (block == nullptr) return;
  if (reinterpret_cast<uintptr_t>(block) % kPage == 0 && mappings().give_back(block)) return;
  std::free(block);
}

class TensorMemory final : public c10::Allocator {
 public:
#if RL_TORCH_AT_LEAST(2, 3)
  c10::DataPtr allocate(size_t bytes) override { return block_of(bytes); }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
#else
  c10::DataPtr allocate(size_t bytes) const override { return block_of(bytes); }
#endif

  c10::DeleterFnPtr raw_deleter() const override { return &free_block; }

 private:
  static c10::DataPtr block_of(size_t bytes) {
    void* block = nullptr;
    if (bytes >= kLargeBytes) {
      block = mappings().take(bytes);
    } else if (bytes > 0 && posix_memalign(&block, kAlignment, bytes) != 0) {
      block = nullptr;
    }
    TORCH_CHECK(block != nullptr || bytes == 0, "out of memory: a tensor of ", bytes, " bytes");
    return {block, block, &free_block, c10::Device(c10::DeviceType::CPU)};
  }
};

__attribute__((constructor)) void use_tensor_memory() {
  constexpr uint8_t kAboveDefault = 1;
  c10::SetCPUAllocator(new TensorMemory, kAboveDefault);
}

}  // namespace
}  // namespace rl
#endif
