// SPDX-License-Identifier: BSL-1.0
//
// Memory for images and other large arrays. Fresh memory comes from the system page by page, each by a fault that can cost
// more than all the work on that page; huge pages need hundreds of times fewer.
#pragma once

#include <cstddef>
#include <memory>
#include <new>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace rios {

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
        void* const memory = ::operator new(count * sizeof(T), huge_page);
#if defined(__linux__)
        ::madvise(memory, count * sizeof(T), MADV_HUGEPAGE); // only a wish
#endif
        return static_cast<T*>(memory);
    }

    void deallocate(T* memory, std::size_t count) noexcept
    {
        if (is_large(count)) ::operator delete(memory, huge_page);
        else std::allocator<T>().deallocate(memory, count);
    }

    friend bool operator==(large_allocator const&, large_allocator const&) noexcept { return true; }

  private:
    static constexpr std::align_val_t huge_page{std::size_t{2} << 20}; // of x86-64, and of 64-bit ARM with 4 KiB pages

    static bool is_large(std::size_t count) noexcept
    {
        return count >= static_cast<std::size_t>(huge_page) / sizeof(T);
    }
};

/// A vector that may become large.
template <typename T>
using large_vector = std::vector<T, large_allocator<T>>;

} // namespace rios
