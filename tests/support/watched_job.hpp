// SPDX-License-Identifier: BSL-1.0
// A job that notes what an executor does with it.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace test {

/// A result that counts how many of its kind exist, and can only be moved.
class counted {
  public:
    counted(std::atomic<int>& living, std::size_t value) : living_(&living), value_(value) { ++living; }
    counted(counted&& other) noexcept : living_(other.living_), value_(other.value_) { ++*living_; }
    counted(counted const&) = delete;
    counted& operator=(counted const&) = delete;
    counted& operator=(counted&&) = delete;
    ~counted() { --*living_; }
    [[nodiscard]] std::size_t value() const { return value_; }

  private:
    std::atomic<int>* living_;
    std::size_t value_;
};

/// Squares its indexes and notes what happens; fails where it is told to.
struct watched_job {
    using result = counted;
    static constexpr auto never = static_cast<std::size_t>(-1);
    std::size_t count;
    std::size_t fail_to_compute = never;
    std::size_t fail_to_deliver = never;

    std::vector<std::atomic<int>> computed = std::vector<std::atomic<int>>(count);
    std::vector<int> delivered = std::vector<int>(count);
    std::atomic<int> living = 0;
    std::atomic<int> under_way = 0;
    std::atomic<int> computed_by_caller = 0;
    std::thread::id caller = std::this_thread::get_id();
    bool right = true;

    explicit watched_job(std::size_t size) : count(size) {}

    [[nodiscard]] std::size_t size() const { return count; }
    result compute(std::size_t index)
    {
        ++under_way;
        ++computed.at(index);
        if (std::this_thread::get_id() == caller) ++computed_by_caller;
        if (index == fail_to_compute) {
            --under_way;
            throw std::out_of_range("no square of " + std::to_string(index));
        }
        counted square(living, index * index);
        --under_way;
        return square;
    }
    void deliver(std::size_t index, result square)
    {
        right = right && square.value() == index * index && std::this_thread::get_id() == caller;
        ++delivered.at(index);
        if (index == fail_to_deliver) throw std::length_error("cannot take " + std::to_string(index));
    }
    [[nodiscard]] bool all_done_once() const
    {
        return std::all_of(computed.begin(), computed.end(), [](auto const& n) { return n == 1; }) &&
               std::all_of(delivered.begin(), delivered.end(), [](int n) { return n == 1; });
    }
    [[nodiscard]] bool nothing_twice() const
    {
        return std::all_of(computed.begin(), computed.end(), [](auto const& n) { return n <= 1; }) &&
               std::all_of(delivered.begin(), delivered.end(), [](int n) { return n <= 1; });
    }
};

} // namespace test
