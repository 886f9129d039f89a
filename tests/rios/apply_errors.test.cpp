// SPDX-License-Identifier: BSL-1.0
// Every stage fails, in every way: the first error arrives on the caller's thread as its own type and says where, nothing
// hangs, nothing is left behind.
#include <rios/apply.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/function_writer.hpp>
#include <rios/image.hpp>
#include <rios/memory_reader.hpp>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/own_threads.hpp"
#include "support/pipeline_doubles.hpp"

using rios::apply_options;
using rios::block_info;
using rios::image;
using rios::memory_reader;
using test::message_of;
using test::random_image;
using namespace std::chrono_literals;

namespace {

constexpr std::ptrdiff_t rows = 20;
constexpr std::ptrdiff_t cols = 25;
constexpr std::size_t blocks = 20;
char const* const block_7 = "block 7 (rows 5 to 9, cols 10 to 14)";

/// What the stages of a run do before their work.
struct hooks {
    test::block_hook read{};
    test::block_hook compute{};
    test::writer_hooks writer{};
};

/// Doubles the second of two inputs.
struct second_worker {
    test::hooked_worker worker;
    image<float> operator()(block_info const& where, image<float> const&, image<float> second) const
    {
        return worker(where, std::move(second));
    }
};

/// One run with two inputs, of which b.tif does as it is told, and one output.
struct run {
    hooks stages{};
    apply_options options{.window = 5};
    test::writer_history history{};
    test::life_count life{};

    template <typename X>
    void operator()(X& executor)
    {
        auto const pixels = random_image<float>(1, rows, cols, 1);
        rios::apply(std::tuple(test::hooked_reader("a.tif", pixels, {}, {}, life.one()),
                               test::hooked_reader("b.tif", pixels, stages.read, {}, life.one())),
                    second_worker{test::hooked_worker(stages.compute, life.one())},
                    test::hooked_writer("out.tif", history, stages.writer, life.one()), executor, options);
    }

    /// Nothing became complete, and nothing is left.
    void check_undone() const
    {
        CHECK(history.closed == 0);
        CHECK(history.discarded == 1);
        CHECK(history.by_one_thread);
        CHECK(life.living() == 0);
    }
};

test::block_hook at(std::size_t index, std::function<void()> const& fail)
{
    return [=](rios::block const& where) {
        if (where.index == index) fail();
    };
}

/// The type and the text of what is thrown, and of what is nested in it.
std::string text_of(std::exception_ptr const& thrown)
{
    std::string type;
    std::string text;
    std::string nested;
    try {
        std::rethrow_exception(thrown);
    } catch (std::exception const& e) {
        text = e.what();
        if (dynamic_cast<rios::worker_error const*>(&e) != nullptr) type = "worker_error ";
        else if (dynamic_cast<rios::io_error const*>(&e) != nullptr) type = "io_error ";
        else if (dynamic_cast<rios::grid_error const*>(&e) != nullptr) type = "grid_error ";
        else if (dynamic_cast<rios::error const*>(&e) != nullptr) type = "error ";
        else if (dynamic_cast<std::out_of_range const*>(&e) != nullptr) type = "out_of_range ";
        else if (dynamic_cast<std::bad_alloc const*>(&e) != nullptr) type = "bad_alloc ";
        else type = "other ";
        if (auto const* const with = dynamic_cast<std::nested_exception const*>(&e)) {
            if (with->nested_ptr()) nested = " < " + text_of(with->nested_ptr());
        }
    } catch (int number) {
        type = "int ";
        text = std::to_string(number);
    }
    return type + text + nested;
}

template <typename F>
std::string outcome_of(F&& f)
{
    try {
        f();
    } catch (...) {
        return text_of(std::current_exception());
    }
    return "(nothing was thrown)";
}

/// A way to fail: what a stage throws, what its reason is, and how it is told once more as the nested one. An own error
/// has no reason: it arrives as it is.
struct failure {
    std::function<void()> fail;
    std::string reason;
    std::string arrives;
};

std::vector<failure> failures()
{
    return {
        {[] { throw rios::io_error("disk", "on fire"); }, "", "io_error disk: on fire"},
        {[] { throw rios::grid_error("crooked"); }, "", "grid_error crooked"},
        {[] { throw std::out_of_range("too far"); }, "too far", "out_of_range too far"},
        {[] { throw std::bad_alloc(); }, std::bad_alloc().what(), "bad_alloc " + std::string(std::bad_alloc().what())},
        {[] { throw 42; }, "an exception that is no std::exception", "int 42"},
    };
}

/// What the message of an error must be; `%` stands for any number.
bool matches(std::string_view text, std::string_view pattern)
{
    auto const wild = pattern.find('%');
    if (wild == std::string_view::npos) return text == pattern;
    if (text.substr(0, wild) != pattern.substr(0, wild)) return false;
    auto const after = text.find_first_not_of("0123456789", wild);
    return after != wild && after != std::string_view::npos && text.substr(after) == pattern.substr(wild + 1);
}

void check_matches(std::string const& text, std::string const& pattern)
{
    CAPTURE(text);
    CAPTURE(pattern);
    CHECK(matches(text, pattern));
}

} // namespace

template <typename X>
void check_every_stage(X& executor)
{
    test::thread_census const census;
    for (auto const& each : failures()) {
        for (auto const order : {rios::delivery_order::any, rios::delivery_order::index}) {
            auto const expected = [&](std::string const& wrapped) {
                return each.reason.empty() ? each.arrives : wrapped + each.reason + " < " + each.arrives;
            };
            apply_options const options{.window = 5, .order = order};

            run reading{.stages = {.read = at(7, each.fail)}, .options = options};
            check_matches(outcome_of([&] { reading(executor); }),
                          expected(std::string("io_error b.tif: cannot read ") + block_7 + ": "));
            reading.check_undone();

            run computing{.stages = {.compute = at(7, each.fail)}, .options = options};
            check_matches(outcome_of([&] { computing(executor); }),
                          expected(std::string("worker_error a.tif: ") + block_7 + ", worker %: "));
            computing.check_undone();

            run writing{.stages = {.writer = {.write = at(7, each.fail)}}, .options = options};
            check_matches(outcome_of([&] { writing(executor); }),
                          expected(std::string("io_error out.tif: cannot write ") + block_7 + ": "));
            writing.check_undone();

            run opening{.stages = {.writer = {.open = each.fail}}, .options = options};
            check_matches(outcome_of([&] { opening(executor); }), expected("io_error out.tif: cannot open: "));
            opening.check_undone();
            CHECK(opening.history.opened == 0);

            run closing{.stages = {.writer = {.close = each.fail}}, .options = options};
            check_matches(outcome_of([&] { closing(executor); }), expected("io_error out.tif: cannot close: "));
            closing.check_undone();
            CHECK(closing.history.written.size() == blocks);
        }
    }
    run good;
    good(executor);
    CHECK(good.history.result == test::doubled(random_image<float>(1, rows, cols, 1)));
    CHECK(good.history.closed == 1);
    CHECK(good.life.living() == 0);
    CHECK(census.none_left_behind());
}
TEST_CASE_TEMPLATE_DEFINE("an error of any stage and of any type arrives on the caller's thread and says where", E,
                          every_stage)
{
    E executor;
    check_every_stage(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(every_stage, test::pipeline_executors);

template <typename X>
void check_any_block(X& executor)
{
    test::thread_census const census;
    for (std::size_t const index : {std::size_t{0}, std::size_t{1}, blocks - 1}) {
        auto const fail = at(index, [] { throw std::out_of_range("too far"); });
        auto const where = "block " + std::to_string(index) + " (";
        for (int stage = 0; stage < 3; ++stage) {
            run failing;
            (stage == 0   ? failing.stages.read
             : stage == 1 ? failing.stages.compute
                          : failing.stages.writer.write) = fail;
            auto const text = outcome_of([&] { failing(executor); });
            CAPTURE(text);
            CHECK(text.find(where) != std::string::npos);
            CHECK(text.ends_with("too far < out_of_range too far"));
            failing.check_undone();
        }
    }
    CHECK(census.none_left_behind());
}
TEST_CASE_TEMPLATE_DEFINE("the first and the last block may fail as well as any", E, any_block)
{
    E executor;
    check_any_block(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(any_block, test::pipeline_executors);

template <typename X>
void check_slow(X& executor)
{
    auto const slowly = [](rios::block const&) { std::this_thread::sleep_for(2ms); };
    auto const fail = at(9, [] { throw rios::grid_error("crooked"); });
    test::thread_census const census;
    rios::buffer_limit const small{.blocks = 1, .bytes = 1};
    for (auto const& limit : {rios::buffer_limit{}, small}) {
        apply_options const options{.window = 5, .input_buffer = limit, .output_buffer = limit};
        run slow_writer{.stages = {.compute = fail, .writer = {.write = slowly}}, .options = options};
        CHECK(message_of<rios::grid_error>([&] { slow_writer(executor); }) == "crooked");
        slow_writer.check_undone();
        run slow_worker{.stages = {.compute = slowly, .writer = {.write = fail}}, .options = options};
        CHECK(message_of<rios::grid_error>([&] { slow_worker(executor); }) == "crooked");
        slow_worker.check_undone();
        run slow_reader{.stages = {.read = slowly, .compute = fail}, .options = options};
        CHECK(message_of<rios::grid_error>([&] { slow_reader(executor); }) == "crooked");
        slow_reader.check_undone();
        run slow_after{.stages = {.read = fail, .compute = slowly, .writer = {.write = slowly}}, .options = options};
        CHECK(message_of<rios::grid_error>([&] { slow_after(executor); }) == "crooked");
        slow_after.check_undone();
    }
    CHECK(census.none_left_behind());
}
TEST_CASE_TEMPLATE_DEFINE("an error gets through whatever stage is slow", E, slow_stages)
{
    E executor;
    check_slow(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(slow_stages, test::pipeline_executors);

template <typename X>
void check_many(X& executor)
{
    test::thread_census const census;
    for (int round = 0; round < 30; ++round) {
        auto const from = [&](char const* stage, std::size_t first) -> test::block_hook {
            return [=](rios::block const& where) {
                if (where.index >= first) throw rios::grid_error(stage);
            };
        };
        run failing{
            .stages = {.read = from("read", 4), .compute = from("compute", 3), .writer = {.write = from("write", 2)}}};
        auto const text = message_of<rios::grid_error>([&] { failing(executor); });
        CHECK((text == "read" || text == "compute" || text == "write"));
        failing.check_undone();
    }
    CHECK(census.none_left_behind());
}
TEST_CASE_TEMPLATE_DEFINE("of many errors just one arrives", E, many_errors)
{
    E executor;
    check_many(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(many_errors, test::pipeline_executors);

template <typename X>
void check_cancelled(X& executor)
{
    test::thread_census const census;
    for (std::size_t const after : {1U, 5U, 19U}) {
        run by_progress;
        by_progress.options.progress = [&](std::string_view phase, double done) {
            return phase != "blocks" || done < static_cast<double>(after) / blocks;
        };
        CHECK_THROWS_AS(by_progress(executor), rios::cancelled);
        CHECK(by_progress.history.written.size() == after);
        by_progress.check_undone();

        std::stop_source source;
        run by_token;
        by_token.options.stop = source.get_token();
        by_token.stages.writer.write = at(after, [&] { source.request_stop(); });
        CHECK_THROWS_AS(by_token(executor), rios::cancelled);
        CHECK(by_token.history.written.back() == after); // the block that is being written is not torn
        by_token.check_undone();
    }
    run before;
    std::stop_source source;
    source.request_stop();
    before.options.stop = source.get_token();
    CHECK_THROWS_AS(before(executor), rios::cancelled);
    CHECK(before.history.written.size() <= 1);
    before.check_undone();
    CHECK(census.none_left_behind());
}
TEST_CASE_TEMPLATE_DEFINE("progress and stop token cancel between blocks", E, cancelled)
{
    E executor;
    check_cancelled(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(cancelled, test::pipeline_executors);

template <typename X>
void check_cancelled_while_waiting(X& executor)
{
    // Nothing is written yet, and will not be before the caller has been asked.
    test::thread_census const census;
    test::gate asked;
    std::stop_source source;
    run waiting;
    waiting.options.stop = source.get_token();
    waiting.options.progress = [&](std::string_view, double) {
        source.request_stop();
        asked.open();
        return true;
    };
    std::atomic<bool> passed = true;
    waiting.stages.read = [&](rios::block const&) {
        if (!asked.wait()) passed = false;
    };
    CHECK_NOTHROW([&] {
        try {
            waiting(executor);
        } catch (rios::cancelled const&) {
        }
    }());
    CHECK(passed);
    CHECK(waiting.history.written.size() <= 1);
    waiting.check_undone();
    CHECK(census.none_left_behind());
}
TEST_CASE_TEMPLATE_DEFINE("the caller is asked while others work, and what he says is heard", E, cancelled_waiting)
{
    E executor;
    check_cancelled_while_waiting(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(cancelled_waiting, test::staging_executors);

template <typename X>
void check_progress_error(X& executor)
{
    run failing;
    failing.options.progress = [](std::string_view phase, double done) -> bool {
        if (phase == "blocks" && done > 0.3) throw std::domain_error("tired");
        return true;
    };
    CHECK(message_of<std::domain_error>([&] { failing(executor); }) == "tired");
    failing.check_undone();
}
TEST_CASE_TEMPLATE_DEFINE("what the progress function throws is the caller's own, and arrives as it is", E,
                          progress_error)
{
    E executor;
    check_progress_error(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(progress_error, test::pipeline_executors);

TEST_CASE("a worker's error has the number of the block and of the worker")
{
    rios::thread_executor executor({.readers = 1, .workers = 3});
    run failing{.stages = {.compute = at(7, [] { throw std::out_of_range("too far"); })}};
    std::optional<std::size_t> block;
    std::size_t worker = 99;
    try {
        failing(executor);
    } catch (rios::worker_error const& e) {
        block = e.block();
        worker = e.worker();
    }
    CHECK(block == 7);
    CHECK(worker < 3);
}

TEST_CASE("when one of several outputs fails none becomes complete")
{
    auto const pixels = random_image<float>(1, rows, cols, 1);
    rios::inline_executor executor;
    for (int const stage : {0, 1}) {
        test::writer_history first;
        test::writer_history second;
        test::writer_hooks failing;
        auto const fail = [] { throw rios::io_error("second.tif", "no space"); };
        if (stage == 0) failing.write = at(7, fail);
        else failing.open = fail;
        CHECK_THROWS_AS(rios::apply(memory_reader(pixels),
                                    [](block_info const&, image<float> const& in) { return std::tuple(in, in); },
                                    std::tuple(test::hooked_writer("first.tif", first),
                                               test::hooked_writer("second.tif", second, failing)),
                                    executor, {.window = 5}),
                        rios::io_error);
        CHECK(first.closed + second.closed == 0);
        CHECK(first.discarded == 1);
        CHECK(second.discarded == 1);
        CHECK(first.result == image<float>());
    }
}

TEST_CASE("what a function at the end throws arrives with the block")
{
    auto const pixels = random_image<float>(1, rows, cols, 1);
    auto const text = outcome_of([&] {
        rios::apply(memory_reader(pixels), [](block_info const& where, image<float> const&) { return where.index; },
                    rios::function_writer([](rios::block const&, std::size_t index) {
                        if (index == 7) throw std::out_of_range("too far");
                    }),
                    rios::inline_executor(), {.window = 5});
    });
    CHECK(text == std::string("io_error output 1: cannot write ") + block_7 + ": too far < out_of_range too far");
}
