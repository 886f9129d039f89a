// SPDX-License-Identifier: BSL-1.0
//
// What it costs to hand a slot number from one thread to another: the queue of the pipeline beside a queue with a mutex.
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include <benchmark/benchmark.h>

#include <rios/pipeline/slot_queue.hpp>

namespace {

/// The same interface with the usual means.
class mutex_queue {
  public:
    void push(std::uint32_t slot)
    {
        {
            std::lock_guard lock(mutex_);
            slots_.push_back(slot);
        }
        filled_.notify_one();
    }
    std::uint32_t wait_and_pop()
    {
        std::unique_lock lock(mutex_);
        filled_.wait(lock, [this] { return !slots_.empty(); });
        auto const slot = slots_.front();
        slots_.pop_front();
        return slot;
    }

  private:
    std::mutex mutex_;
    std::condition_variable filled_;
    std::deque<std::uint32_t> slots_;
};

/// As staged_run uses it: a lock-free queue, and a bell for those who find it empty.
class belled_queue {
  public:
    void push(std::uint32_t slot)
    {
        queue_.push(slot);
        bell_.ring();
    }
    std::uint32_t wait_and_pop()
    {
        std::optional<std::uint32_t> slot;
        bell_.wait([&] { return (slot = queue_.pop()).has_value(); });
        return *slot;
    }

  private:
    rios::detail::slot_queue queue_{64};
    rios::detail::bell bell_;
};

/// One thread: nobody waits.
template <typename Queue>
void push_and_pop(benchmark::State& state)
{
    Queue queue;
    for (auto _ : state) {
        queue.push(1);
        benchmark::DoNotOptimize(queue.wait_and_pop());
    }
}

/// Slots go round between this thread and another, as between a reader and a worker; `work` is what each does with one.
template <typename Queue>
void hand_over(benchmark::State& state)
{
    auto const work = [rounds = state.range(1)] {
        for (std::int64_t i = 0; i < rounds; ++i) benchmark::DoNotOptimize(i);
    };
    Queue full;
    Queue empty;
    constexpr std::uint32_t stop = 1'000'000;
    auto const slots = static_cast<std::uint32_t>(state.range(0));
    for (std::uint32_t slot = 0; slot < slots; ++slot) empty.push(slot);
    {
        std::jthread const other([&] {
            for (auto slot = full.wait_and_pop(); slot != stop; slot = full.wait_and_pop()) {
                work();
                empty.push(slot);
            }
        });
        for (auto _ : state) {
            auto const slot = empty.wait_and_pop();
            work();
            full.push(slot);
        }
        full.push(stop);
    }
    state.SetItemsProcessed(state.iterations());
}

BENCHMARK(push_and_pop<mutex_queue>);
BENCHMARK(push_and_pop<belled_queue>);
// Slots, and rounds of work: none, and about the 20 microseconds that a small block takes.
BENCHMARK(hand_over<mutex_queue>)->Args({4, 0})->Args({4, 20'000})->UseRealTime();
BENCHMARK(hand_over<belled_queue>)->Args({4, 0})->Args({4, 20'000})->UseRealTime();

} // namespace

BENCHMARK_MAIN();
