// SPDX-License-Identifier: BSL-1.0
// Writers that look at blocks on the threads that compute them.
#include <rios/pipeline/prepare.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/executor/read_ahead.hpp>
#include <rios/executor/threads.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>
#include <rios/memory_writer.hpp>

#include "support/message_of.hpp"
#include "support/pipeline_doubles.hpp"

using rios::apply;
using rios::block;
using rios::image;
using rios::image_view;
using test::message_of;

namespace {

// What happened to a looking_writer.
struct history {
    std::mutex mutex{};
    std::map<std::size_t, int> prepared{}; // times, by the index of the block
    std::vector<std::thread::id> threads{};
    std::size_t absorbed = 0; // blocks that the absorbed copies have seen
    int copies = 0;
    std::vector<std::string> steps{}; // open, write, absorb, finish, close, discard: runs of one count as one
    bool digests_match = true;

    void step(std::string const& name)
    {
        if (steps.empty() || steps.back() != name) steps.push_back(name);
    }
};

struct hooks {
    test::block_hook prepare{};
    std::function<void()> absorb{};
    std::function<void()> finish{};
};

double sum_of(image_view<float const> pixels)
{
    double sum = 0;
    for (std::ptrdiff_t row = 0; row < pixels.rows(); ++row) {
        for (auto const pixel : pixels.row(0, row)) sum += static_cast<double>(pixel);
    }
    return sum;
}

struct digest {
    std::size_t index = 999;
    double sum = -1;
};

class looker {
  public:
    looker(std::shared_ptr<history> seen, test::block_hook before) : seen_(std::move(seen)), before_(std::move(before))
    {
    }
    digest operator()(block const& where, image_view<float const> pixels, rios::timing_log& log)
    {
        auto const timed = log.measure("looking");
        test::call(before_, where);
        std::lock_guard const lock(seen_->mutex);
        ++seen_->prepared[where.index];
        seen_->threads.push_back(std::this_thread::get_id());
        ++blocks;
        return {where.index, sum_of(pixels)};
    }
    std::size_t blocks = 0;

  private:
    std::shared_ptr<history> seen_;
    test::block_hook before_;
};

class looking_writer {
  public:
    looking_writer(std::string path, std::shared_ptr<history> seen, hooks own = {})
        : path_(std::move(path)), seen_(std::move(seen)), hooks_(std::move(own))
    {
    }
    [[nodiscard]] std::string const& path() const { return path_; }
    void open(rios::pixel_grid const&) { seen_->step("open"); }
    [[nodiscard]] looker preparer() const { return {seen_, hooks_.prepare}; }
    static void write(block const&, image_view<float const>) { throw std::logic_error("written without a digest"); }
    void write(block const& where, image_view<float const> pixels, digest const& of)
    {
        seen_->step("write");
        seen_->digests_match = seen_->digests_match && of.index == where.index && of.sum == sum_of(pixels);
    }
    void absorb(looker& copy)
    {
        seen_->step("absorb");
        if (hooks_.absorb) hooks_.absorb();
        ++seen_->copies;
        seen_->absorbed += copy.blocks;
    }
    void finish(rios::timing_log& log)
    {
        auto const timed = log.measure("finishing");
        seen_->step("finish");
        if (hooks_.finish) hooks_.finish();
    }
    void close() { seen_->step("close"); }
    void discard() noexcept { seen_->step("discard"); }

  private:
    std::string path_;
    std::shared_ptr<history> seen_;
    hooks hooks_;
};

static_assert(rios::detail::PreparingWriter<looking_writer>);
static_assert(!rios::detail::PreparingWriter<rios::memory_writer<float>>);
static_assert(!rios::detail::PreparingWriter<test::hooked_writer>);

rios::memory_reader<float> pixels()
{
    return rios::memory_reader<float>(test::random_image<float>(1, 50, 70, 1));
}

image<float> as_it_is(rios::block_info const&, image<float> in)
{
    return in;
}

void require_all_done(history const& seen, std::size_t blocks)
{
    CHECK(seen.prepared.size() == blocks);
    for (auto const& [index, times] : seen.prepared) CHECK(times == 1);
    CHECK(seen.digests_match);
    CHECK(seen.absorbed == blocks);
    CHECK(seen.copies >= 1);
    CHECK(seen.steps == std::vector<std::string>{"open", "write", "absorb", "finish", "close"});
}

// Nothing is closed, and discarding comes last.
void require_given_up(history const& seen)
{
    CHECK(seen.steps.back() == "discard");
    for (auto const& step : seen.steps) CHECK(step != "close");
}

} // namespace

TEST_CASE("every block is prepared once, where it is computed, and its digest comes with it")
{
    auto const run = [](auto&& executor, bool on_own_thread, std::ptrdiff_t overlap) {
        auto const seen = std::make_shared<history>();
        auto const done =
            apply(pixels(), as_it_is, looking_writer("out", seen), executor, {.window = 20, .overlap = overlap});
        require_all_done(*seen, 12);
        for (auto const& thread : seen->threads) CHECK((thread == std::this_thread::get_id()) == on_own_thread);
        CHECK(done.timings.summary("looking")->count == 12);
        CHECK(done.timings.summary("finishing")->count == 1);
    };
    for (std::ptrdiff_t const overlap : {0, 3}) { // the margin is cut off before
        run(rios::inline_executor(), true, overlap);
        run(rios::read_ahead({.readers = 2}), true, overlap);
        run(rios::thread_executor({.workers = 3}), false, overlap);
        run(rios::thread_executor({.readers = 2, .workers = 2}), false, overlap);
    }
}

TEST_CASE("writers that prepare and writers that do not stand side by side, in tuples and lists")
{
    auto const first = std::make_shared<history>();
    auto const second = std::make_shared<history>();
    image<float> plain;
    std::vector<looking_writer> members{{"a", first}, {"b", second}};
    auto const worker = [](rios::block_info const&, image<float> const& in) {
        return std::tuple{in, std::vector<image<float>>{in, in}};
    };
    apply(pixels(), worker, std::tuple{rios::memory_writer<float>(plain), rios::writer_list(std::move(members))},
          rios::thread_executor({.workers = 2}), {.window = 30});
    CHECK(plain == test::random_image<float>(1, 50, 70, 1));
    require_all_done(*first, 6);
    require_all_done(*second, 6);
}

TEST_CASE("a block that is left out is not prepared")
{
    auto const seen = std::make_shared<history>();
    auto const worker = [](rios::block_info const& where, image<float> in) -> std::optional<image<float>> {
        if (where.index % 2 == 0) return {};
        return in;
    };
    apply(pixels(), worker, looking_writer("out", seen), rios::thread_executor({.workers = 2}), {.window = 30});
    require_all_done(*seen, 3);
    CHECK_FALSE(seen->prepared.contains(0));
}

TEST_CASE("a result of the wrong shape is refused by the writer, unprepared")
{
    auto const seen = std::make_shared<history>();
    auto const worker = [](rios::block_info const&, image<float> const&) { return image<float>(1, 2, 3); };
    CHECK_THROWS_AS(apply(pixels(), worker, looking_writer("out", seen)), rios::grid_error);
    CHECK(seen->prepared.empty());
    require_given_up(*seen);
    auto const short_list = [](rios::block_info const&, image<float> const& in) { return std::vector{in}; };
    std::vector<looking_writer> members{{"a", seen}, {"b", seen}};
    CHECK(message_of<rios::grid_error>([&] {
              apply(pixels(), short_list, rios::writer_list(std::move(members)));
          }).ends_with("the worker returned 1 values for a list of 2 outputs"));
    CHECK(seen->prepared.empty());
}

TEST_CASE("a preparer that fails ends the run with the output and the block")
{
    auto const fail = [](auto what) {
        return [what](block const& where) {
            if (where.index == 2) throw what;
        };
    };
    auto const run = [](auto&& executor, test::block_hook const& before, auto check) {
        auto const seen = std::make_shared<history>();
        check([&] {
            apply(pixels(), as_it_is, looking_writer("out", seen, {.prepare = before}), executor, {.window = 30});
        });
        require_given_up(*seen);
        CHECK(seen->copies == 0);
    };
    auto const with_each = [&](auto const& what, auto check) {
        run(rios::inline_executor(), fail(what), check);
        run(rios::thread_executor({.workers = 2}), fail(what), check);
        run(rios::thread_executor({.readers = 1, .workers = 3}), fail(what), check);
    };
    std::string const block_2 = "block 2 (rows 0 to 29, cols 60 to 69)";
    with_each(std::runtime_error("no room"), [&](auto call) {
        CHECK(message_of<rios::io_error>(call) == "out: cannot prepare " + block_2 + ": no room");
    });
    with_each(7, [&](auto call) {
        CHECK(message_of<rios::io_error>(call) ==
              "out: cannot prepare " + block_2 + ": an exception that is no std::exception");
    });
    with_each(rios::options_error("as it is"),
              [](auto call) { CHECK(message_of<rios::options_error>(call) == "as it is"); });

    // Members of a list have names of their own, and outputs without a path have numbers.
    auto const seen = std::make_shared<history>();
    std::vector<looking_writer> members{{"a", seen}, {"", seen, {.prepare = fail(std::runtime_error("no room"))}}};
    auto const twice = [](rios::block_info const&, image<float> const& in) { return std::vector{in, in}; };
    CHECK(message_of<rios::io_error>([&] {
              apply(pixels(), twice, rios::writer_list(std::move(members)), rios::inline_executor(), {.window = 30});
          }) == "output 2: cannot prepare " + block_2 + ": no room");
}

TEST_CASE("an output that cannot be finished is not closed, nor are the others")
{
    auto const error_with = [](hooks const& own) {
        auto const good = std::make_shared<history>();
        auto const bad = std::make_shared<history>();
        auto const twice = [](rios::block_info const&, image<float> const& in) { return std::tuple{in, in}; };
        auto const message = message_of<rios::io_error>([&] {
            apply(pixels(), twice, std::tuple{looking_writer("good", good), looking_writer("bad", bad, own)},
                  rios::thread_executor({.workers = 2}));
        });
        require_given_up(*good);
        require_given_up(*bad);
        return message;
    };
    auto const fail = [] { throw std::runtime_error("no room"); };
    CHECK(error_with({.finish = fail}) == "bad: cannot finish: no room");
    CHECK(error_with({.absorb = fail}) == "bad: cannot finish: no room");
}
