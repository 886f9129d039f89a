// SPDX-License-Identifier: BSL-1.0
#include <rios/handle_pool.hpp>

#include <atomic>
#include <memory>
#include <stdexcept>
#include <thread>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

using rios::handle_pool;

namespace {

/// What all copies of one handle have done together.
struct record {
    std::atomic<int> copies = 0;
    std::atomic<int> clashes = 0;
    std::atomic<bool> refuse = false;
};

class handle {
  public:
    explicit handle(record& shared) : shared_(&shared) {}
    handle(handle const& other) : shared_(other.shared_)
    {
        if (shared_->refuse) throw std::runtime_error("no more handles");
        ++shared_->copies;
    }
    handle(handle&& other) noexcept = default;
    handle& operator=(handle const&) = delete;
    handle& operator=(handle&&) = default;
    ~handle() = default;

    /// To be called by one thread at a time.
    void use()
    {
        if (in_use_->exchange(true)) ++shared_->clashes;
        std::this_thread::yield();
        in_use_->store(false);
        ++uses;
    }
    int uses = 0;

  private:
    record* shared_;
    std::unique_ptr<std::atomic<bool>> in_use_ = std::make_unique<std::atomic<bool>>(false);
};

static_assert(!std::is_copy_constructible_v<handle_pool<handle>::loan>);

} // namespace

TEST_CASE("one borrower after the other gets the same copy")
{
    record shared;
    handle_pool<handle> pool{handle(shared)};
    for (int i = 0; i < 5; ++i) {
        auto lent = pool.lend();
        CHECK(lent->uses == i);
        (*lent).use();
    }
    CHECK(shared.copies == 1);
}

TEST_CASE("borrowers at the same time get copies of their own")
{
    record shared;
    handle_pool<handle> pool{handle(shared)};
    {
        auto first = pool.lend();
        auto second = pool.lend();
        auto third = pool.lend();
        CHECK(&*first != &*second);
        CHECK(&*second != &*third);
        CHECK(shared.copies == 3);
    }
    auto first = pool.lend();
    auto second = pool.lend();
    CHECK(shared.copies == 3);
}

TEST_CASE("threads never share a copy, and there are no more copies than threads")
{
    record shared;
    handle_pool<handle> pool{handle(shared)};
    {
        std::vector<std::jthread> threads;
        for (int i = 0; i < 4; ++i) {
            threads.emplace_back([&] {
                for (int n = 0; n < 300; ++n) pool.lend()->use();
            });
        }
    }
    CHECK(shared.clashes == 0);
    CHECK(shared.copies >= 1);
    CHECK(shared.copies <= 4);
}

TEST_CASE("a copy that fails is the borrower's error, and the pool works on")
{
    record shared;
    handle_pool<handle> pool{handle(shared)};
    shared.refuse = true;
    CHECK_THROWS_AS(static_cast<void>(pool.lend()), std::runtime_error);
    shared.refuse = false;
    CHECK(pool.lend()->uses == 0);
}

TEST_CASE("copies are numbered as they are made and come in that order in the end")
{
    record shared;
    handle_pool<handle> pool{handle(shared)};
    {
        auto first = pool.lend();
        auto second = pool.lend();
        CHECK(first.number() == 0);
        CHECK(second.number() == 1);
        second->uses = 20;
        first->uses = 10;
    }
    {
        auto const again = pool.lend();
        CHECK(again.number() < 2);
    }
    std::vector<int> uses;
    pool.for_each([&](handle& each) { uses.push_back(each.uses); });
    CHECK(uses == std::vector{10, 20});
    CHECK(pool.original().uses == 0);
}

TEST_CASE("a pool that lent nothing has the original and no copies")
{
    record shared;
    handle_pool<handle> pool{handle(shared)};
    pool.for_each([](handle&) { FAIL("there is none"); });
    CHECK(shared.copies == 0);
}
