// SPDX-License-Identifier: BSL-1.0
#include <rios/large_vector.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <new>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/memory.hpp>

#include "support/resident_memory.hpp"

using rios::large_allocator;
using rios::large_vector;

TEST_CASE("a large vector keeps its elements while it grows from small to large and back")
{
    large_vector<std::uint32_t> numbers;
    for (std::uint32_t i = 0; i < 2'000'000; ++i) numbers.push_back(i);
    numbers.resize(1000);
    numbers.shrink_to_fit();
    REQUIRE(numbers.capacity() == 1000);
    for (std::uint32_t i = 0; i < 1000; ++i) REQUIRE(numbers[i] == i);
}

TEST_CASE("memory of a large vector begins on a huge page from two mebibytes on, and new elements are zero")
{
    large_vector<double> const vector(1 << 18);
    CHECK(reinterpret_cast<std::uintptr_t>(vector.data()) % (std::uintptr_t{2} << 20) == 0);
    for (auto const value : vector) REQUIRE(value == 0);
}

TEST_CASE("large vectors are copied, moved and swapped like others")
{
    large_vector<int> a(1'000'000, 7);
    auto b = a;
    CHECK(a == b);
    auto const* const memory = a.data();
    auto c = std::move(a);
    CHECK(c.data() == memory);
    b[0] = 1;
    std::swap(b, c);
    CHECK(b[0] == 7);
    CHECK(c[0] == 1);
    CHECK(large_allocator<int>() == large_allocator<double>());
}

TEST_CASE("more elements than any memory could hold are refused")
{
    large_allocator<double> allocator;
    CHECK_THROWS_AS(static_cast<void>(allocator.allocate(std::numeric_limits<std::size_t>::max() / 4)),
                    std::bad_array_new_length);
    CHECK_THROWS_AS(static_cast<void>(allocator.allocate(std::size_t{1} << 57)), std::bad_alloc);
}

TEST_CASE("memory of a size that was needed before is used again, and new elements are zero in it too")
{
    auto const* before = static_cast<int const*>(nullptr);
    {
        large_vector<int> const first(1'000'000, 7);
        before = first.data();
    }
    large_vector<int> const second(1'000'000);
    if (rios::detail::has_huge_pages) CHECK(second.data() == before);
    for (auto const value : second) REQUIRE(value == 0);
}

TEST_CASE("a raw vector does not write its new elements, and keeps those that it has")
{
    using rios::raw_vector;
    auto const before = test::resident_bytes();
    raw_vector<std::uint64_t> const untouched(32'000'000);
    CHECK(test::resident_bytes() < before + 60'000'000);
    for (std::size_t const count : {std::size_t{1000}, std::size_t{1'000'000}}) {
        raw_vector<std::uint32_t> numbers(count);
        for (std::uint32_t i = 0; i < count; ++i) numbers[i] = i;
        auto const* const memory = numbers.data();
        numbers.resize(count / 2);
        numbers.resize(count);
        CHECK(numbers.data() == memory);
        auto const copy = numbers;
        numbers.resize(2 * count, 7);
        for (std::uint32_t i = 0; i < count / 2; ++i)
            REQUIRE((numbers[i] == i && copy[i] == i && numbers[2 * count - 1 - i] == 7));
        CHECK(raw_vector<double>(count, 2.5).back() == 2.5);
    }
}

TEST_CASE("a large buffer has room for its bytes, be they many or none")
{
    for (std::size_t const bytes : {std::size_t{0}, std::size_t{100}, std::size_t{5'000'000}}) {
        rios::large_buffer buffer(bytes);
        REQUIRE(buffer.size() == bytes);
        std::fill_n(buffer.data(), bytes, std::byte{7});
        CHECK(std::count(buffer.data(), buffer.data() + bytes, std::byte{7}) == static_cast<std::ptrdiff_t>(bytes));
    }
}

TEST_CASE("large vectors may come and go on many threads, and what is spare may be given back at any time")
{
    std::vector<std::jthread> threads;
    std::atomic<int> wrong = 0;
    for (int t = 0; t < 4; ++t) {
        threads.emplace_back([t, &wrong] {
            for (int i = 0; i < 50; ++i) {
                large_vector<int> const a(600'000 + 100'000 * static_cast<std::size_t>(i % 3), t);
                large_vector<int> const b(600'000, t + 1);
                if (i % 10 == 0) rios::return_freed_memory();
                if (a.front() != t || a.back() != t || b.front() != t + 1 || b.back() != t + 1) ++wrong;
            }
        });
    }
    threads.clear();
    CHECK(wrong == 0);
}
