// SPDX-License-Identifier: BSL-1.0
// A job for workers elsewhere that is quickly done and quickly checked.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <unistd.h>

#include <rios/cancellation.hpp>
#include <rios/timing.hpp>

namespace test {

/// Squares numbers, after some time.
struct square {
    std::uint64_t milliseconds = 0;
    std::string mark{}; ///< folder for a file that is named like the process

    std::uint64_t operator()(std::size_t index, rios::timing_log&, rios::cancellation&) const
    {
        if (!mark.empty()) std::ofstream(mark + "/" + std::to_string(::getpid())) << index;
        std::this_thread::sleep_for(std::chrono::milliseconds(milliseconds));
        return index * index;
    }
    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.milliseconds, self.mark);
    }
};

template <typename Worker>
class squares_job {
  public:
    using result = std::uint64_t;
    using worker_type = Worker;

    squares_job(std::size_t size, Worker worker) : worker_(std::move(worker)), results(size) {}
    [[nodiscard]] std::size_t size() const { return results.size(); }
    [[nodiscard]] result compute(std::size_t index) const { return index * index; }
    void deliver(std::size_t index, result value) { results[index] += value; }
    [[nodiscard]] Worker worker() const { return worker_; }
    void poll() const
    {
        if (polled) polled();
    }

  private:
    Worker worker_;

  public:
    std::vector<std::uint64_t> results;
    std::function<void()> polled{};
};

[[nodiscard]] inline bool all_squares(std::vector<std::uint64_t> const& results)
{
    for (std::size_t i = 0; i < results.size(); ++i) {
        if (results[i] != i * i) return false;
    }
    return true;
}

/// Does it come true within some time?
template <typename F>
[[nodiscard]] bool soon(F&& f, std::chrono::seconds time = std::chrono::seconds(5))
{
    auto const deadline = std::chrono::steady_clock::now() + time;
    while (!f() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return f();
}

} // namespace test
