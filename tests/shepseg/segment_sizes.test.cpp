// SPDX-License-Identifier: BSL-1.0
#include <shepseg/segment_sizes.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <shepseg/statistics_table.hpp>

#include "support/own_threads.hpp"
#include "support/random_numbers.hpp"

using shepseg::segment_sizes;
using shepseg::size_lookup;
using test::random_numbers;

namespace {

constexpr std::size_t page = shepseg::statistics_table::page_rows;

std::uint64_t size_of(std::size_t label)
{
    return label % 5 == 0 ? 0 : label * 3 + (label % 7 == 0 ? std::uint64_t{1} << 40 : 0);
}

/// Sizes by that formula, and what they were asked for.
class counted_loader {
  public:
    explicit counted_loader(std::size_t rows) : rows_(rows) {}

    std::vector<std::uint64_t> operator()(std::size_t first, std::size_t count)
    {
        if (inside_->exchange(true)) *together_ = true;
        calls_->emplace_back(first, count);
        std::vector<std::uint64_t> result;
        for (std::size_t label = first; label < first + count; ++label)
            result.push_back(label == 0 ? 77 : size_of(label));
        CHECK(first + count <= rows_);
        *inside_ = false;
        return result;
    }

    [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> const& calls() const { return *calls_; }
    [[nodiscard]] bool together() const { return *together_; }

  private:
    std::size_t rows_;
    std::shared_ptr<std::vector<std::pair<std::size_t, std::size_t>>> calls_ =
        std::make_shared<std::vector<std::pair<std::size_t, std::size_t>>>();
    std::shared_ptr<std::atomic<bool>> inside_ = std::make_shared<std::atomic<bool>>(false);
    std::shared_ptr<std::atomic<bool>> together_ = std::make_shared<std::atomic<bool>>(false);
};

} // namespace

TEST_CASE("a page is loaded once, when it is asked for, and is cut at the last label")
{
    auto const rows = 2 * page + 10;
    counted_loader const loader(rows);
    segment_sizes const sizes(rows, loader);
    CHECK(sizes.rows() == rows);
    CHECK(loader.calls().empty());
    auto const last = sizes.page(2);
    REQUIRE(last->pixels.size() == 10);
    CHECK(last->pixels[1] == size_of(2 * page + 1));
    CHECK(sizes.page(2) == last);
    segment_sizes const copy = sizes; // NOLINT(performance-unnecessary-copy-initialization)
    CHECK(copy.page(2) == last);
    CHECK(copy.page(0) == sizes.page(0));
    CHECK(loader.calls() == std::vector<std::pair<std::size_t, std::size_t>>{{2 * page, 10}, {0, page}});
}

TEST_CASE("pages tell how many of their labels have pixels, of which 0 is none")
{
    auto const rows = page + 7;
    segment_sizes const sizes(rows, counted_loader(rows));
    for (std::size_t const number : {0, 1}) {
        auto const first = number * page;
        auto const count = std::min(page, rows - first);
        std::size_t present = 0;
        for (std::size_t label = first; label < first + count; ++label) present += size_of(label) > 0 ? 1 : 0;
        CHECK(sizes.page(number)->present == present);
        CHECK(sizes.page(number)->pixels.size() == count);
    }
    CHECK(sizes.page(0)->pixels.front() == 0);
    CHECK(segment_sizes({99}).page(0)->present == 0);
    CHECK(segment_sizes({99, 1, 0, 5}).page(0)->present == 2);
}

TEST_CASE("a page that was forgotten is loaded again, and those who have it keep it")
{
    counted_loader const loader(2 * page);
    segment_sizes const sizes(2 * page, loader);
    auto const before = sizes.page(1);
    static_cast<void>(sizes.page(0));
    sizes.forget(1);
    sizes.forget(1);
    CHECK(before->pixels[3] == size_of(page + 3));
    CHECK(loader.calls().size() == 2);
    CHECK(sizes.page(1)->pixels == before->pixels);
    CHECK(loader.calls().size() == 3);
    static_cast<void>(sizes.page(0));
    CHECK(loader.calls().size() == 3);
}

TEST_CASE("labels have their sizes, and those beyond the end have none")
{
    random_numbers random(60);
    auto const rows = 5 * page + 3;
    counted_loader const loader(rows);
    size_lookup lookup(segment_sizes(rows, loader));
    CHECK(lookup(0) == 0);
    for (std::size_t const label : {rows - 1, page - 1, page, page + 1}) {
        CHECK(lookup(static_cast<std::uint32_t>(label)) == size_of(label));
    }
    for (auto const label : {rows, rows + 1, 6 * page, std::size_t{0xffff'ffffU}}) {
        CHECK(lookup(static_cast<std::uint32_t>(label)) == 0);
    }
    for (int i = 0; i < 2000; ++i) {
        auto const label = random.below(rows);
        REQUIRE(lookup(static_cast<std::uint32_t>(label)) == size_of(label));
    }
    CHECK(loader.calls().size() == 6);
    lookup.clear();
    CHECK(lookup(7) == size_of(7));
    CHECK(lookup(3 * page + 1) == size_of(3 * page + 1));
    CHECK(loader.calls().size() == 6); // it is the others who forget
    size_lookup nothing{segment_sizes(std::vector<std::uint64_t>{})};
    CHECK(nothing(0) == 0);
    CHECK(nothing(1) == 0);
}

TEST_CASE("what is looked up outlives that it is forgotten, until the lookup lets go of it")
{
    counted_loader const loader(2 * page);
    segment_sizes const sizes(2 * page, loader);
    size_lookup lookup(sizes);
    CHECK(lookup(3) == size_of(3));
    sizes.forget(0);
    CHECK(lookup(4) == size_of(4));
    CHECK(lookup(page + 1) == size_of(page + 1));
    CHECK(lookup(6) == size_of(6));
    CHECK(loader.calls().size() == 2);
    lookup.clear();
    CHECK(lookup(3) == size_of(3));
    CHECK(loader.calls().size() == 3);
    // A copy has pages of its own.
    auto copy = lookup;
    lookup.clear();
    sizes.forget(0);
    CHECK(copy(8) == size_of(8));
}

TEST_CASE("an error of the loader passes through, and the page can be asked for again")
{
    bool broken = true;
    segment_sizes const sizes(10, [&](std::size_t /*first*/, std::size_t count) {
        if (broken) throw std::runtime_error("broken");
        return std::vector<std::uint64_t>(count, 4);
    });
    size_lookup lookup(sizes);
    CHECK_THROWS_WITH_AS(static_cast<void>(lookup(1)), "broken", std::runtime_error);
    CHECK_THROWS_AS(static_cast<void>(lookup(1)), std::runtime_error);
    CHECK_THROWS_AS(static_cast<void>(sizes.page(0)), std::runtime_error);
    broken = false;
    CHECK(lookup(1) == 4);
    CHECK(sizes.page(0)->present == 9);
}

TEST_CASE("threads look up and forget at the same time, and the loader is called by one of them at a time")
{
    auto const rows = 6 * page;
    counted_loader const loader(rows);
    segment_sizes const sizes(rows, loader);
    std::atomic<int> wrong = 0;
    {
        test::meeting_place start(4);
        std::vector<std::jthread> team;
        for (std::uint64_t thread = 0; thread < 4; ++thread) {
            team.emplace_back([&, thread] {
                random_numbers random(61 + thread);
                size_lookup lookup(sizes);
                start.wait();
                for (int i = 0; i < 2000; ++i) {
                    auto const label = random.below(rows);
                    if (lookup(static_cast<std::uint32_t>(label)) != size_of(label)) ++wrong;
                    if (random.one_in(100)) lookup.clear();
                    if (random.one_in(200)) sizes.forget(label / page);
                }
            });
        }
    }
    CHECK(wrong == 0);
    CHECK(!loader.together());
}

TEST_CASE("sizes are counted in pages, so that a far label takes no room for those between")
{
    shepseg::counted_sizes counting;
    counting.add(3, 5);
    counting.add(4'000'000'000U, 7);
    counting.add(3, 1);
    auto const sizes = std::move(counting).sizes();
    CHECK(sizes.rows() == 4'000'000'001U);
    shepseg::size_lookup size_of(sizes);
    CHECK(size_of(3) == 6);
    CHECK(size_of(2) == 0);
    CHECK(size_of(100'000'000) == 0);
    CHECK(size_of(4'000'000'000U) == 7);
    CHECK(sizes.page(shepseg::statistics_table::page_of(4'000'000'000U))->present == 1);
    CHECK(shepseg::counted_sizes().sizes().rows() == 1);
}

TEST_CASE("all sizes at once and pages, asked for on several threads, are loaded one call at a time")
{
    auto const rows = 4 * page;
    counted_loader const loader(rows);
    segment_sizes const sizes(rows, loader);
    {
        std::vector<std::jthread> threads;
        for (std::size_t thread = 0; thread < 4; ++thread) {
            threads.emplace_back([&, thread] {
                for (int again = 0; again < 20; ++again) {
                    static_cast<void>(sizes.page(thread));
                    sizes.forget(thread);
                    CHECK(sizes.all()[page + 1] == size_of(page + 1));
                }
            });
        }
    }
    CHECK(!loader.together());
}
