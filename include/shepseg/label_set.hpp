// SPDX-License-Identifier: BSL-1.0
//
// Which labels occur in a part of a segmentation, and their numbers without gaps. For subset.hpp.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace shepseg {

/// A set of labels that numbers its members from 1, in ascending order.
///
/// Memory: 12 KiB for each run of 65536 labels (0 to 65535, ...) of which one is in the set, and half a MiB for all.
/// Thread rule: insert() from any threads at once; then, when all have returned, number() from one; then the others from any.
class label_set {
  public:
    label_set() : pages_(std::size_t{1} << (32 - page_bits)) {}
    label_set(label_set const&) = delete;
    label_set& operator=(label_set const&) = delete;
    ~label_set()
    {
        for (auto const& each : pages_) std::unique_ptr<page const> const freed(each.load(std::memory_order_relaxed));
    }

    void insert(std::uint32_t label)
    {
        auto& word = page_of(label).words[word_of(label)];
        auto const bit = bit_of(label);
        // Most labels come often; only the first time need other threads be kept from the word.
        if ((word.load(std::memory_order_relaxed) & bit) == 0) word.fetch_or(bit, std::memory_order_relaxed);
    }

    /// Gives the members their numbers. @returns how many there are
    std::uint32_t number()
    {
        std::uint32_t before = 0;
        for (auto const& each : pages_) {
            auto* const found = each.load(std::memory_order_acquire);
            if (found == nullptr) continue;
            for (std::size_t word = 0; word < page_words; ++word) {
                found->before[word] = before;
                before += static_cast<std::uint32_t>(std::popcount(found->words[word].load(std::memory_order_relaxed)));
            }
        }
        return size_ = before;
    }

    [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

    /// The number of a label, from 1; 0 if it is not in the set. @pre number() was called
    [[nodiscard]] std::uint32_t number_of(std::uint32_t label) const noexcept
    {
        auto const* const found = pages_[label >> page_bits].load(std::memory_order_acquire);
        if (found == nullptr) return 0;
        auto const word = found->words[word_of(label)].load(std::memory_order_relaxed);
        auto const bit = bit_of(label);
        if ((word & bit) == 0) return 0;
        return found->before[word_of(label)] + static_cast<std::uint32_t>(std::popcount(word & (bit - 1))) + 1;
    }

    /// All members, ascending: the label with the number n is at n - 1.
    [[nodiscard]] std::vector<std::uint32_t> labels() const
    {
        std::vector<std::uint32_t> result;
        result.reserve(size_);
        for (std::size_t index = 0; index < pages_.size(); ++index) {
            auto const* const found = pages_[index].load(std::memory_order_acquire);
            for (std::size_t word = 0; found != nullptr && word < page_words; ++word) {
                for (auto bits = found->words[word].load(std::memory_order_relaxed); bits != 0; bits &= bits - 1) {
                    auto const bit = static_cast<std::size_t>(std::countr_zero(bits));
                    result.push_back(static_cast<std::uint32_t>((index << page_bits) + word * word_bits + bit));
                }
            }
        }
        return result;
    }

  private:
    static constexpr unsigned page_bits = 16;
    static constexpr std::size_t word_bits = 64;
    static constexpr std::size_t page_words = (std::size_t{1} << page_bits) / word_bits;

    struct page {
        std::array<std::atomic<std::uint64_t>, page_words> words{};
        std::array<std::uint32_t, page_words> before{}; // members before the word, in the whole set
    };

    static std::size_t word_of(std::uint32_t label) noexcept { return (label >> 6U) % page_words; }
    static std::uint64_t bit_of(std::uint32_t label) noexcept { return std::uint64_t{1} << (label % word_bits); }

    page& page_of(std::uint32_t label)
    {
        auto& place = pages_[label >> page_bits];
        auto* found = place.load(std::memory_order_acquire);
        if (found != nullptr) return *found;
        auto fresh = std::make_unique<page>();
        // Another thread may have been faster; then `found` is its page.
        if (place.compare_exchange_strong(found, fresh.get(), std::memory_order_acq_rel)) return *fresh.release();
        return *found;
    }

    std::vector<std::atomic<page*>> pages_;
    std::uint32_t size_ = 0;
};

} // namespace shepseg
