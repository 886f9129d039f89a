// SPDX-License-Identifier: BSL-1.0
// Random numbers for tests: the same ones with every standard library (the distributions of <random> are not).
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <utility>
#include <vector>

namespace test {

class random_numbers {
  public:
    explicit random_numbers(std::uint64_t seed) : engine_(seed) {}

    [[nodiscard]] std::uint64_t bits() { return engine_(); }

    /// 0 to n - 1.
    template <typename I>
    [[nodiscard]] I below(I n)
    {
        return static_cast<I>(engine_() % static_cast<std::uint64_t>(n));
    }

    /// first to last.
    template <typename I>
    [[nodiscard]] I between(I first, I last)
    {
        return static_cast<I>(first + static_cast<I>(below(static_cast<std::uint64_t>(last - first) + 1)));
    }

    /// Once in n times.
    [[nodiscard]] bool one_in(std::uint64_t n) { return engine_() % n == 0; }

    /// In [0, 1).
    [[nodiscard]] double unit() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }

    template <typename T>
    [[nodiscard]] T pick(std::vector<T> const& values)
    {
        return values[below(values.size())];
    }

    template <typename T>
    void shuffle(std::vector<T>& values)
    {
        for (std::size_t n = values.size(); n > 1; --n) std::swap(values[n - 1], values[below(n)]);
    }

  private:
    std::mt19937_64 engine_;
};

} // namespace test
