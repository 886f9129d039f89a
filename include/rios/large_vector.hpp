// SPDX-License-Identifier: BSL-1.0
//
// Memory for images and other large arrays. Fresh memory comes from the system page by page, each by a fault that can cost
// more than all the work on that page; huge pages need hundreds of times fewer.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace rios {

namespace detail {

inline constexpr std::size_t huge_page = std::size_t{2} << 20; // of x86-64, and of 64-bit ARM with 4 KiB pages

// The address sanitizer knows only what the usual allocator gives.
#if defined(__linux__) && !defined(__SANITIZE_ADDRESS__)
inline constexpr bool has_huge_pages = true;

inline std::size_t whole_pages(std::size_t bytes) noexcept
{
    constexpr std::size_t page = std::size_t{64} << 10; // or a part of it
    return (bytes + page - 1) / page * page;
}

/// Memory that begins on a huge page if it is as large as one; just as much of the address space as is needed stays taken.
/// @param size of whole pages
/// @throws std::bad_alloc
inline void* map_fresh_pages(std::size_t size)
{
    auto const slack = size < huge_page ? 0 : huge_page;
    void* const mapped = ::mmap(nullptr, size + slack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    if (slack == 0) return mapped;
    auto* const begin = static_cast<char*>(mapped);
    auto const before = (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
    if (before > 0) ::munmap(begin, before);
    ::munmap(begin + before + size, huge_page - before);
    ::madvise(begin + before, size, MADV_HUGEPAGE); // only a wish
    return begin + before;
}

/// Pages that are not in use, for the next array of the same size: tile after tile needs the same ones, and even huge pages
/// cost more when they are fresh. Not very large ones, and those that were used last, so that little memory waits for nothing.
///
/// Thread rule: all members may be called from any thread.
class spare_pages {
  public:
    static constexpr std::size_t largest = std::size_t{8} << 20; ///< bytes of one
    static constexpr std::size_t most = std::size_t{48} << 20;   ///< bytes of all

    /// One for the whole program; never destroyed, as arrays may outlive everything.
    static spare_pages& instance()
    {
        static auto* const all = new spare_pages;
        return *all;
    }

    /// Pages of just that size, or null. They hold what they held.
    [[nodiscard]] void* take(std::size_t size) noexcept
    {
        std::lock_guard const lock(mutex_);
        for (std::size_t i = count_; i-- > 0;) {
            if (pages_[i].size != size) continue;
            auto* const memory = pages_[i].memory;
            remove(i);
            return memory;
        }
        return nullptr;
    }

    /// Keeps pages in the place of those that have waited longest; returns false if there are too many.
    [[nodiscard]] bool keep(void* memory, std::size_t size) noexcept
    {
        if (size > largest) return false;
        std::lock_guard const lock(mutex_);
        while (bytes_ + size > most || count_ == pages_.size()) {
            ::munmap(pages_[0].memory, pages_[0].size);
            remove(0);
        }
        pages_[count_++] = {memory, size};
        bytes_ += size;
        return true;
    }

    /// Gives all back to the system.
    void clear() noexcept
    {
        std::lock_guard const lock(mutex_);
        for (; count_ > 0; --count_) ::munmap(pages_[count_ - 1].memory, pages_[count_ - 1].size);
        bytes_ = 0;
    }

  private:
    struct spare {
        void* memory;
        std::size_t size;
    };

    void remove(std::size_t index) noexcept
    {
        bytes_ -= pages_[index].size;
        std::copy(pages_.begin() + index + 1, pages_.begin() + count_, pages_.begin() + index);
        --count_;
    }

    std::mutex mutex_;
    std::array<spare, 64> pages_{}; // in the order in which they came
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
};

/// @throws std::bad_alloc
inline void* map_pages(std::size_t bytes)
{
    auto const size = whole_pages(bytes);
    auto* const spare = size <= spare_pages::largest ? spare_pages::instance().take(size) : nullptr;
    return spare != nullptr ? spare : map_fresh_pages(size);
}

inline void unmap_pages(void* memory, std::size_t bytes) noexcept
{
    auto const size = whole_pages(bytes);
    if (!spare_pages::instance().keep(memory, size)) ::munmap(memory, size);
}

inline void unmap_spare_pages() noexcept
{
    spare_pages::instance().clear();
}
#else
inline constexpr bool has_huge_pages = false;

inline void* map_pages(std::size_t bytes)
{
    return ::operator new(bytes);
}

inline void unmap_pages(void* memory, std::size_t) noexcept
{
    ::operator delete(memory);
}

inline void unmap_spare_pages() noexcept {}
#endif

} // namespace detail

/// An allocator that asks the system for whole pages, huge ones if it can, for what is large enough, uses them again for what
/// is of the same size, and is the usual one for the rest.
template <typename T>
struct large_allocator {
    using value_type = T;

    large_allocator() = default;
    template <typename U>
    large_allocator(large_allocator<U> const&) noexcept // NOLINT(google-explicit-constructor): as std::allocator
    {
    }

    /// @throws std::bad_alloc
    [[nodiscard]] T* allocate(std::size_t count)
    {
        if (!is_large(count)) return std::allocator<T>().allocate(count);
        if (count > static_cast<std::size_t>(-1) / 2 / sizeof(T)) throw std::bad_array_new_length();
        return static_cast<T*>(detail::map_pages(count * sizeof(T)));
    }

    void deallocate(T* memory, std::size_t count) noexcept
    {
        if (is_large(count)) detail::unmap_pages(memory, count * sizeof(T));
        else std::allocator<T>().deallocate(memory, count);
    }

    friend bool operator==(large_allocator const&, large_allocator const&) noexcept { return true; }

  private:
    static bool is_large(std::size_t count) noexcept
    {
        constexpr std::size_t least = std::size_t{256}
                                      << 10; // bytes; the C library gives less without asking the system
        return detail::has_huge_pages && count >= least / sizeof(T);
    }
};

/// A vector that may become large.
template <typename T>
using large_vector = std::vector<T, large_allocator<T>>;

/// As large_allocator, for numbers that are written before they are read: new ones are what the memory held.
template <typename T>
struct raw_allocator : large_allocator<T> {
    raw_allocator() = default;
    template <typename U>
    raw_allocator(raw_allocator<U> const&) noexcept // NOLINT(google-explicit-constructor): as std::allocator
    {
    }

    template <typename U>
    void construct(U* place) noexcept
    {
        static_assert(std::is_trivially_default_constructible_v<U>);
        ::new (static_cast<void*>(place)) U;
    }

    template <typename U, typename First, typename... Others>
    void construct(U* place, First&& first, Others&&... others)
    {
        ::new (static_cast<void*>(place)) U(std::forward<First>(first), std::forward<Others>(others)...);
    }
};

/// A vector that may become large, and whose numbers are written before they are read, by several threads if they are many: so
/// these share the cost of fresh memory.
template <typename T>
using raw_vector = std::vector<T, raw_allocator<T>>;

/// Bytes as the system gives them: for what is written before it is read, by several threads at once, so that they share
/// the cost of fresh memory.
class large_buffer {
  public:
    /// @throws std::bad_alloc
    explicit large_buffer(std::size_t bytes) : size_(bytes), data_(large_allocator<std::byte>().allocate(bytes)) {}
    large_buffer(large_buffer const&) = delete;
    large_buffer& operator=(large_buffer const&) = delete;
    ~large_buffer() { large_allocator<std::byte>().deallocate(data_, size_); }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] std::byte* data() noexcept { return data_; }
    [[nodiscard]] std::byte const* data() const noexcept { return data_; }

  private:
    std::size_t size_;
    std::byte* data_;
};

} // namespace rios
