// SPDX-License-Identifier: BSL-1.0
// Stages that stand still are ended, stages that are slow are not. Whatever may be left behind here belongs to nobody's
// stack: hooks hold shared pointers.
#include <rios/apply.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <tuple>
#include <utility>

#include <doctest/doctest.h>

#include <rios/error.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>

#include "support/executors.hpp"
#include "support/message_of.hpp"
#include "support/own_threads.hpp"
#include "support/pipeline_doubles.hpp"

using rios::apply_options;
using rios::image;
using test::message_of;
using test::random_image;
using namespace std::chrono_literals;
using seconds = std::chrono::duration<double>;

namespace {

constexpr std::size_t blocks = 20;
constexpr auto generous = 10s;

struct hooks {
    test::block_hook read{};
    test::block_hook compute{};
    test::writer_hooks writer{};
};

/// One run over 20 × 25 pixels in blocks of 5 × 5.
struct run {
    hooks stages{};
    apply_options options{};
    test::writer_history history{};
    test::life_count life{};
    seconds took{};

    template <typename X>
    void operator()(X& executor)
    {
        options.window = 5;
        auto const begun = std::chrono::steady_clock::now();
        auto const stop = [&] { took = std::chrono::steady_clock::now() - begun; };
        try {
            rios::apply(test::hooked_reader("a.tif", random_image<float>(1, 20, 25, 1), stages.read, {}, life.one()),
                        test::hooked_worker(stages.compute, life.one()),
                        test::hooked_writer("out.tif", history, stages.writer, life.one()), executor, options);
        } catch (...) {
            stop();
            throw;
        }
        stop();
    }

    void check_right() const
    {
        CHECK(history.written.size() == blocks);
        CHECK(history.result == test::doubled(random_image<float>(1, 20, 25, 1)));
    }
};

/// Waits at one block until the gate opens.
test::block_hook hang_at(std::size_t index, std::shared_ptr<test::gate> gate)
{
    return [index, gate = std::move(gate)](rios::block const& where) {
        if (where.index == index) gate->wait();
    };
}

test::block_hook sleep_at(std::size_t index, std::chrono::milliseconds time)
{
    return [=](rios::block const& where) {
        if (where.index == index) std::this_thread::sleep_for(time);
    };
}

} // namespace

template <typename X>
void check_hanging_reader(X& executor)
{
    test::thread_census const census;
    auto const gate = std::make_shared<test::gate>();
    run hanging{.stages = {.read = hang_at(7, gate)}, .options = {.stalls = {.reading = 200ms}}};
    CHECK(message_of<rios::timeout_error>([&] { hanging(executor); }) ==
          "a.tif: block 7 (rows 5 to 9, cols 10 to 14): reading has not ended, and nothing else has been done by this "
          "stage, for 0.2 seconds (the limit stalls.reading; 0 switches it off)");
    CHECK(hanging.took > 200ms);
    CHECK(hanging.took < generous);
    CHECK(hanging.history.closed == 0);
    CHECK(hanging.history.discarded == 1);
    CHECK(gate->waiting() == 1); // left behind, with what it needs
    CHECK(hanging.life.living() > 0);
    gate->open();
    CHECK(census.none_left_behind());
    CHECK(hanging.life.living() == 0);
    run good;
    good(executor);
    good.check_right();
}
TEST_CASE_TEMPLATE_DEFINE("a reader that hangs is left behind, and the caller told which", E, hanging_reader)
{
    E executor;
    check_hanging_reader(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(hanging_reader, test::staging_executors);

using with_workers = std::tuple<test::threads<1>, test::threads<5>, test::staged<1, 1>, test::staged<3, 5>>;

TEST_CASE_TEMPLATE_DEFINE("a worker that hangs is left behind, if there is a limit", E, hanging_worker)
{
    E executor;
    test::thread_census const census;
    auto const gate = std::make_shared<test::gate>();
    run hanging{.stages = {.compute = hang_at(7, gate)}, .options = {.stalls = {.computing = 200ms}}};
    CHECK(
        message_of<rios::timeout_error>([&] { hanging(test::plain(executor)); }) ==
        "a.tif: block 7 (rows 5 to 9, cols 10 to 14): computing has not ended, and nothing else has been done by this "
        "stage, for 0.2 seconds (the limit stalls.computing; 0 switches it off)");
    CHECK(hanging.took < generous);
    CHECK(gate->waiting() == 1);
    gate->open();
    CHECK(census.none_left_behind());
    CHECK(hanging.life.living() == 0);
}
TEST_CASE_TEMPLATE_APPLY(hanging_worker, with_workers);

TEST_CASE("the error that came first wins over a read that hangs")
{
    rios::thread_executor executor({.readers = 2, .workers = 2});
    test::thread_census const census;
    for (bool const in_worker : {true, false}) {
        auto const gate = std::make_shared<test::gate>();
        auto const fail = [gate](rios::block const& where) {
            while (gate->waiting() == 0) std::this_thread::sleep_for(1ms);
            if (where.index == 3) throw rios::grid_error("crooked");
        };
        run hanging{.stages = {.read = hang_at(4, gate)}, .options = {.stalls = {.reading = 300ms}}};
        if (in_worker) hanging.stages.compute = fail;
        else hanging.stages.writer.write = fail;
        CHECK(message_of<rios::grid_error>([&] { hanging(executor); }) == "crooked");
        CHECK(hanging.took < generous);
        CHECK(hanging.history.discarded == 1);
        gate->open();
        CHECK(census.none_left_behind());
        CHECK(hanging.life.living() == 0);
    }
}

TEST_CASE("who cancels while a read hangs is not kept for ever")
{
    rios::thread_executor executor({.readers = 1, .workers = 1});
    test::thread_census const census;
    auto const gate = std::make_shared<test::gate>();
    run hanging{.stages = {.read = hang_at(4, gate)}, .options = {.stalls = {.reading = 300ms}}};
    hanging.options.progress = [&](std::string_view, double) { return gate->waiting() == 0; };
    CHECK_THROWS_AS(hanging(executor), rios::cancelled);
    CHECK(hanging.took < generous);
    gate->open();
    CHECK(census.none_left_behind());
    CHECK(hanging.life.living() == 0);
}

TEST_CASE("a worker without a limit is waited for, as it may use what is the caller's")
{
    rios::thread_executor executor({.readers = 2, .workers = 2});
    test::thread_census const census;
    auto const gate = std::make_shared<test::gate>();
    std::atomic<bool> ended = false;
    run hanging{.stages = {.read = hang_at(4, gate)}, .options = {.stalls = {.reading = 100ms}}};
    hanging.stages.compute = [&](rios::block const& where) {
        if (where.index != 2) return;
        while (gate->waiting() == 0) std::this_thread::sleep_for(1ms);
        std::this_thread::sleep_for(700ms);
        ended = true;
    };
    CHECK_THROWS_AS(hanging(executor), rios::timeout_error);
    CHECK(ended);
    CHECK(gate->waiting() == 1);
    gate->open();
    CHECK(census.none_left_behind());
}

TEST_CASE_TEMPLATE_DEFINE("many slow reads are no stall", E, slow_reads)
{
    E executor;
    run slow{.options = {.stalls = {.reading = 300ms, .computing = 300ms}}};
    slow.stages.read = [](rios::block const&) { std::this_thread::sleep_for(30ms); };
    slow(test::plain(executor));
    slow.check_right();
}
using one_of_each = std::tuple<test::read_ahead<1>, test::threads<2>, test::staged<1, 1>, test::staged<2, 2>>;
TEST_CASE_TEMPLATE_APPLY(slow_reads, one_of_each);

template <typename X>
void check_waiting(X& executor)
{
    for (auto const order : {rios::delivery_order::any, rios::delivery_order::index}) {
        rios::buffer_limit const tiny{.blocks = 1, .bytes = 1};
        apply_options const options{.input_buffer = tiny,
                                    .output_buffer = tiny,
                                    .order = order,
                                    .stalls = {.reading = 150ms, .computing = 150ms}};
        run slow_writer{.stages = {.writer = {.write = sleep_at(5, 220ms)}}, .options = options};
        slow_writer(executor);
        slow_writer.check_right();
    }
}
TEST_CASE_TEMPLATE_DEFINE("who waits behind a slow writer has not stalled", E, behind_writer)
{
    E executor;
    check_waiting(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(behind_writer, one_of_each);

template <typename X>
void check_slow_worker(X& executor)
{
    run slow{.stages = {.compute = sleep_at(5, 220ms)}, .options = {.stalls = {.reading = 150ms, .computing = 0s}}};
    slow(executor);
    slow.check_right();
}
TEST_CASE_TEMPLATE_DEFINE("readers that wait for a slow worker have not stalled", E, behind_worker)
{
    E executor;
    check_slow_worker(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(behind_worker, one_of_each);

template <typename X>
void check_switched_off(X& executor)
{
    run slow{.stages = {.read = sleep_at(5, 60ms), .compute = sleep_at(9, 60ms)},
             .options = {.stalls = {.reading = 0s, .computing = 0s}}};
    slow(executor);
    slow.check_right();
}
TEST_CASE_TEMPLATE_DEFINE("a limit of 0 is none", E, switched_off)
{
    E executor;
    check_switched_off(test::plain(executor));
}
TEST_CASE_TEMPLATE_APPLY(switched_off, test::staging_executors);

TEST_CASE("what the caller does himself has no limit")
{
    rios::stall_limits const tight{.reading = 50ms, .computing = 50ms};
    rios::inline_executor alone;
    run all{
        .stages = {.read = sleep_at(2, 120ms), .compute = sleep_at(3, 120ms), .writer = {.write = sleep_at(4, 120ms)}},
        .options = {.stalls = tight}};
    all(alone);
    all.check_right();
    rios::read_ahead ahead;
    run computing{.stages = {.compute = sleep_at(3, 120ms), .writer = {.write = sleep_at(4, 120ms)}},
                  .options = {.stalls = tight}};
    computing(ahead);
    computing.check_right();
}
