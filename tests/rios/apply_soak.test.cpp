// SPDX-License-Identifier: BSL-1.0
// Random pipelines with random failures, several at once, for some seconds: the right result or one of the errors that were
// put in, and nothing left behind.
#include <rios/apply.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <mutex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>

#include "support/own_threads.hpp"
#include "support/pipeline_doubles.hpp"
#include "support/random_numbers.hpp"

using namespace std::chrono_literals;

namespace {

constexpr auto duration = 4s;

/// One random run. Returns what is wrong, in words.
class random_run {
  public:
    explicit random_run(std::uint64_t seed)
        : random_(seed), pixels_(test::random_image<float>(random_.between<std::ptrdiff_t>(1, 3), size(), size(), seed))
    {
        options_.window = {random_.between<std::ptrdiff_t>(1, 12), random_.between<std::ptrdiff_t>(1, 12)};
        if (random_.one_in(10)) options_.window = 100;
        options_.overlap = random_.one_in(2) ? 0 : random_.between<std::ptrdiff_t>(0, 5);
        options_.order = random_.one_in(2) ? rios::delivery_order::any : rios::delivery_order::index;
        options_.input_buffer = limit();
        options_.output_buffer = limit();
        auto const down = (pixels_.rows() + options_.window.rows - 1) / options_.window.rows;
        auto const across = (pixels_.cols() + options_.window.cols - 1) / options_.window.cols;
        blocks_ = static_cast<std::size_t>(down * across);
        auto const failures = random_.one_in(2) ? 0 : random_.between(1, 3);
        reader_ = hook(false, "");
        worker_ = hook(false, "");
        writer_.write = hook(false, "");
        for (int i = 0; i < failures; ++i) put_in_failure();
    }

    [[nodiscard]] std::string operator()()
    {
        switch (random_.below(4)) {
        case 0: {
            rios::inline_executor executor;
            return run(executor);
        }
        case 1: {
            rios::read_ahead executor({.readers = random_.between<std::size_t>(1, 4)});
            return run(executor);
        }
        default: {
            rios::thread_executor executor(
                {.readers = random_.below<std::size_t>(4), .workers = random_.between<std::size_t>(1, 4)});
            return run(executor);
        }
        }
    }

  private:
    std::ptrdiff_t size() { return random_.between<std::ptrdiff_t>(1, 40); }

    rios::buffer_limit limit()
    {
        return {.blocks = random_.below<std::size_t>(5), .bytes = random_.one_in(2) ? 1U << 30U : random_.below(5000U)};
    }

    /// Takes its time now and then, and fails at a random block if it shall.
    test::block_hook hook(bool fails, std::string const& text)
    {
        auto const index = random_.below(blocks_);
        auto const slow = random_.one_in(3) ? random_.between<std::size_t>(2, 20) : 0;
        bool const own = random_.one_in(2);
        return [=](rios::block const& where) {
            if (slow != 0 && where.index % slow == 0) std::this_thread::sleep_for(300us);
            if (!fails || where.index != index) return;
            if (own) throw rios::grid_error(text);
            throw std::out_of_range(text);
        };
    }

    void put_in_failure()
    {
        auto const fail = [](std::string const& text) { return [text] { throw rios::io_error("out.tif", text); }; };
        switch (random_.below(6)) {
        case 0:
            reader_ = hook(true, "read");
            expected_.insert("read");
            break;
        case 1:
            worker_ = hook(true, "compute");
            expected_.insert("compute");
            break;
        case 2:
            writer_.write = hook(true, "write");
            expected_.insert("write");
            break;
        case 3:
            writer_.open = fail("open");
            expected_.insert("open");
            break;
        case 4:
            writer_.close = fail("close");
            expected_.insert("close");
            break;
        default:
            options_.progress = [limit = random_.unit()](std::string_view, double done) { return done < limit; };
            expected_.insert("cancelled");
        }
    }

    template <typename X>
    std::string run(X& executor)
    {
        std::string wrong;
        try {
            rios::apply(test::hooked_reader("a.tif", pixels_, reader_, {}, life_.one()),
                        test::hooked_worker(worker_, life_.one()),
                        test::hooked_writer("out.tif", history_, writer_, life_.one()), executor, options_);
            if (!expected_.empty()) wrong += "no error; ";
            if (history_.result != test::doubled(pixels_)) wrong += "wrong result; ";
            if (history_.written.size() != blocks_) wrong += "not all blocks; ";
            if (history_.closed != 1) wrong += "not closed; ";
            if (options_.order == rios::delivery_order::index &&
                !std::is_sorted(history_.written.begin(), history_.written.end())) {
                wrong += "not in order; ";
            }
        } catch (rios::error const& e) {
            std::string_view const text = e.what();
            if (std::none_of(expected_.begin(), expected_.end(),
                             [&](auto const& one) { return text.ends_with(one); })) {
                wrong += "error that was not put in: " + std::string(text) + "; ";
            }
            if (history_.closed != 0) wrong += "closed after an error; ";
            if (history_.discarded != 1) wrong += "not discarded; ";
        } catch (std::exception const& e) {
            wrong += std::string("no rios::error: ") + e.what() + "; ";
        }
        if (!history_.by_one_thread) wrong += "written by another thread; ";
        if (life_.living() != 0) wrong += "something lives on; ";
        return wrong;
    }

    test::random_numbers random_;
    rios::image<float> pixels_;
    rios::apply_options options_;
    std::size_t blocks_ = 0;
    test::block_hook reader_;
    test::block_hook worker_;
    test::writer_hooks writer_;
    std::set<std::string> expected_;
    test::writer_history history_;
    test::life_count life_;
};

} // namespace

TEST_CASE("random pipelines with random failures give the right result or the error that was put in")
{
    test::thread_census const census;
    auto const end = std::chrono::steady_clock::now() + duration;
    std::mutex mutex;
    std::vector<std::string> wrong;
    std::atomic<std::size_t> runs = 0;
    {
        std::vector<std::jthread> callers;
        for (std::uint64_t caller = 0; caller < 3; ++caller) {
            callers.emplace_back([&, caller] {
                for (std::uint64_t n = 0; std::chrono::steady_clock::now() < end; ++n) {
                    auto const seed = 1'000'000 * (caller + 1) + n;
                    auto const text = random_run(seed)();
                    ++runs;
                    if (text.empty()) continue;
                    std::lock_guard lock(mutex);
                    wrong.push_back("seed " + std::to_string(seed) + ": " + text);
                    if (wrong.size() > 20) return;
                }
            });
        }
    }
    for (auto const& each : wrong) {
        CAPTURE(each);
        CHECK(each == "");
    }
    MESSAGE(runs.load() << " runs");
    CHECK(runs > 30);
    CHECK(census.none_left_behind());
}
