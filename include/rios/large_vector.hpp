// SPDX-License-Identifier: BSL-1.0
//
// Memory for images and other large arrays. Fresh memory comes from the system page by page, each by a fault that can cost
// more than all the work on that page; huge pages need hundreds of times fewer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
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

/// Memory that begins on a huge page; just as much of the address space as is needed stays taken.
/// @throws std::bad_alloc
inline void* map_pages(std::size_t bytes)
{
    auto const size = whole_pages(bytes);
    void* const mapped = ::mmap(nullptr, size + huge_page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    auto* const begin = static_cast<char*>(mapped);
    auto const before = (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
    if (before > 0) ::munmap(begin, before);
    ::munmap(begin + before + size, huge_page - before);
    ::madvise(begin + before, size, MADV_HUGEPAGE); // only a wish
    return begin + before;
}

inline void unmap_pages(void* memory, std::size_t bytes) noexcept
{
    ::munmap(memory, whole_pages(bytes));
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
#endif

} // namespace detail

/// An allocator that asks the system for huge pages for what is large enough, and is the usual one for the rest. Where the
/// system gives none, nothing is lost.
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
        return detail::has_huge_pages && count >= detail::huge_page / sizeof(T);
    }
};

/// A vector that may become large.
template <typename T>
using large_vector = std::vector<T, large_allocator<T>>;

} // namespace rios
