// SPDX-License-Identifier: BSL-1.0
//
// Fresh memory for large arrays that one thread fills: the threads of an executor share the cost of its pages, which can be
// more than that of filling them (large_vector.hpp).
#pragma once

#include <algorithm>
#include <cstddef>

#include "../concepts.hpp"
#include "../large_vector.hpp"
#include "for_each_index.hpp"

namespace rios {

/// Empties a vector, makes room for `count` elements in it, and asks the system for all of its pages at once, by all threads.
/// @throws std::bad_alloc
template <typename T, AnyExecutor E>
void reserve_pages(large_vector<T>& vector, std::size_t count, E& executor)
{
    constexpr std::size_t page = 4096; // the smallest that there are
    vector.clear();
    vector.reserve(count);
    auto* const memory = reinterpret_cast<std::byte volatile*>(vector.data());
    for_each_chunk(executor, vector.capacity() * sizeof(T), detail::huge_page,
                   [memory](std::size_t begin, std::size_t end) {
                       for (auto at = begin; at < end; at += page) memory[at] = std::byte{0};
                   });
}

} // namespace rios
