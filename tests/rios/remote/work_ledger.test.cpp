// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/work_ledger.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"

namespace {

using rios::remote::work_ledger;
using std::nullopt;

std::string refusal(work_ledger& ledger, std::size_t worker, std::size_t index)
{
    return test::message_of<rios::remote_error>([&] { ledger.done(worker, index); });
}

} // namespace

TEST_CASE("steps are handed out in order, and are complete when all are done")
{
    work_ledger ledger(3, 1, false);
    CHECK(ledger.size() == 3);
    CHECK(ledger.next() == 0U);
    CHECK(ledger.give(7) == 0);
    CHECK(ledger.give(8) == 1);
    CHECK(ledger.give(7) == 2);
    CHECK(ledger.next() == nullopt);
    CHECK(ledger.waiting() == 0);
    CHECK(ledger.under_way(7) == 2);
    CHECK(ledger.under_way(8) == 1);
    CHECK(ledger.under_way(9) == 0);
    CHECK(ledger.first_under_way(7) == 0U);
    CHECK(ledger.done(7, 2));
    CHECK(ledger.first_under_way(7) == 0U);
    CHECK(ledger.done(7, 0));
    CHECK(ledger.first_under_way(7) == nullopt);
    CHECK(ledger.first_under_way(9) == nullopt);
    CHECK_FALSE(ledger.complete());
    CHECK(ledger.done(8, 1));
    CHECK(ledger.complete());
    CHECK(work_ledger(0, 1, true).complete());
}

TEST_CASE("a step that a worker was not given, or has done already, is an error")
{
    work_ledger ledger(4, 1, false);
    ledger.give(1);
    ledger.give(2);
    CHECK(refusal(ledger, 1, 1) == "a worker returned step 1, which it was not given");
    CHECK(refusal(ledger, 1, 3) == "a worker returned step 3, which it was not given");
    CHECK(refusal(ledger, 1, 4) == "a worker returned step 4, which it was not given");
    CHECK(refusal(ledger, 3, 0) == "a worker returned step 0, which it was not given");
    CHECK(ledger.done(1, 0));
    CHECK(refusal(ledger, 1, 0) == "a worker returned step 0, which it was not given");
}

TEST_CASE("what a lost worker had under way goes to others first, what it had done stays done")
{
    work_ledger ledger(5, 2, false);
    for (int i = 0; i < 3; ++i) ledger.give(1);
    ledger.give(2);
    CHECK(ledger.done(1, 1));
    CHECK(ledger.lost(1) == nullopt);
    CHECK(ledger.under_way(1) == 0);
    CHECK(ledger.give(2) == 0);
    CHECK(ledger.give(2) == 2);
    CHECK(ledger.give(2) == 4);
    CHECK(ledger.waiting() == 0);
    CHECK(refusal(ledger, 1, 2) != "(nothing was thrown)"); // it is not asked any more
    for (std::size_t const index : {0U, 2U, 3U, 4U}) CHECK(ledger.done(2, index));
    CHECK(ledger.complete());
    CHECK(ledger.lost(2) == nullopt);
    CHECK(ledger.complete());
    CHECK(ledger.lost(99) == nullopt); // was never there
}

TEST_CASE("what a lost worker had accumulated is done again, but not delivered again")
{
    work_ledger ledger(3, 3, true);
    ledger.give(1);
    ledger.give(1);
    ledger.give(2);
    CHECK(ledger.done(1, 0));
    CHECK(ledger.done(1, 1));
    CHECK(ledger.done(2, 2));
    CHECK(ledger.complete());
    ledger.accounted(2);
    CHECK(ledger.lost(1) == nullopt);
    CHECK_FALSE(ledger.complete());
    CHECK(ledger.give(3) == 0);
    CHECK(ledger.give(2) == 1);
    CHECK_FALSE(ledger.done(3, 0));
    CHECK_FALSE(ledger.done(2, 1));
    CHECK(ledger.complete());
    // What was accounted before stays; the rest of the same worker does not.
    CHECK(ledger.lost(2) == nullopt);
    CHECK(ledger.next() == 1U);
    ledger.accounted(3);
    CHECK(ledger.give(4) == 1);
    CHECK_FALSE(ledger.done(4, 1));
    ledger.accounted(4);
    CHECK(ledger.lost(3) == nullopt);
    CHECK(ledger.lost(4) == nullopt);
    CHECK(ledger.complete());
}

TEST_CASE("a step whose worker is lost each time is given up when it has been begun often enough")
{
    for (std::size_t attempts = 1; attempts < 4; ++attempts) {
        work_ledger ledger(3, attempts, false);
        for (std::size_t worker = 1; worker < attempts; ++worker) {
            CHECK(ledger.give(worker) == 0);
            CHECK(ledger.lost(worker) == nullopt);
        }
        CHECK(ledger.give(50) == 0);
        CHECK(ledger.give(50) == 1);
        CHECK(ledger.lost(50) == 0U);
    }
}

TEST_CASE("whoever is lost whenever, each step is delivered once and accounted for once")
{
    std::mt19937 random(4711);
    auto const any_of = [&](auto const& from) {
        return from[std::uniform_int_distribution<std::size_t>(0, from.size() - 1)(random)];
    };
    for (int round = 0; round < 400; ++round) {
        bool const accumulate = round % 2 == 0;
        std::size_t const size = 1 + random() % 12;
        work_ledger ledger(size, 1000, accumulate);
        std::vector<std::size_t> workers{0, 1, 2};
        std::size_t next_worker = 3;
        std::map<std::size_t, std::vector<std::size_t>> has;
        std::map<std::size_t, std::vector<std::size_t>> brought; // what a worker has accumulated
        std::vector<int> delivered(size);
        std::vector<int> accounted(size);
        auto const account = [&](std::size_t worker) {
            ledger.accounted(worker);
            for (auto const index : brought[worker]) ++accounted[index];
            brought.erase(worker);
        };
        std::size_t turns = 0;
        while (!ledger.complete() || !brought.empty()) {
            REQUIRE(++turns < 100000);
            auto const worker = any_of(workers);
            auto& mine = has[worker];
            REQUIRE(ledger.under_way(worker) == mine.size());
            switch (random() % 8) {
            case 0: // is lost, and another one comes
                CHECK(ledger.lost(worker) == nullopt);
                has.erase(worker);
                brought.erase(worker);
                *std::find(workers.begin(), workers.end(), worker) = next_worker++;
                break;
            case 1: // brings what it has so far
                if (mine.empty() && ledger.complete()) account(worker);
                break;
            case 2:
            case 3:
            case 4:
                if (mine.empty()) break;
                {
                    auto const index = any_of(mine);
                    std::erase(mine, index);
                    delivered[index] += ledger.done(worker, index) ? 1 : 0;
                    if (accumulate) brought[worker].push_back(index);
                }
                break;
            default:
                if (ledger.next()) mine.push_back(ledger.give(worker));
            }
        }
        CHECK(std::all_of(delivered.begin(), delivered.end(), [](int times) { return times == 1; }));
        if (accumulate) CHECK(std::all_of(accounted.begin(), accounted.end(), [](int times) { return times == 1; }));
    }
}
