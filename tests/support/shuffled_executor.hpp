// SPDX-License-Identifier: BSL-1.0
// An executor whose steps end in any order: what threads and processes may do, but again and again the same.
#pragma once

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include <rios/concepts.hpp>

#include "random_numbers.hpp"

namespace test {

/// Computes in a random order on the caller's thread, holds a random number of results back (up to all of them), and
/// delivers any of those.
class shuffled_executor {
  public:
    explicit shuffled_executor(std::uint64_t seed) : random_(seed) {}

    template <rios::Job J>
    void run(J& job)
    {
        std::vector<std::size_t> order(job.size());
        std::iota(order.begin(), order.end(), std::size_t{0});
        random_.shuffle(order);
        auto const most = random_.below(order.size() + 1) + 1;
        std::vector<std::pair<std::size_t, typename J::result>> held;
        while (!order.empty() || !held.empty()) {
            if (!order.empty() && held.size() < most) {
                auto const index = order.back();
                order.pop_back();
                held.emplace_back(index, job.compute(index));
                continue;
            }
            std::swap(held[random_.below(held.size())], held.back());
            auto [index, result] = std::move(held.back());
            held.pop_back();
            job.deliver(index, std::move(result));
        }
    }

    /// Steps that can be under way at the same time.
    [[nodiscard]] static constexpr std::size_t concurrency() noexcept { return 1; }

  private:
    random_numbers random_;
};

static_assert(rios::AnyExecutor<shuffled_executor>);

} // namespace test
