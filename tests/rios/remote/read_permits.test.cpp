// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/read_permits.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <doctest/doctest.h>

#include <rios/net/channel_key.hpp>
#include <rios/remote/joined_worker.hpp>
#include <rios/remote/messages.hpp>

#include "support/channel_ends.hpp"

namespace {

/// Workers that are ends of channels, and what they were sent.
struct crowd {
    rios::net::channel_key key = rios::net::channel_key::make();
    test::channel_server server{key};
    std::vector<std::unique_ptr<test::channel_end>> ends;
    rios::remote::joined_workers workers;

    explicit crowd(std::size_t size)
    {
        for (std::size_t i = 0; i < size; ++i) {
            ends.push_back(std::make_unique<test::channel_end>(server.port(), key));
            workers[i].channel = server[i].channel;
        }
    }
    ~crowd() { workers.clear(); }

    /// How many permits a worker got, when all that was sent to it before has arrived.
    std::size_t permits(std::size_t worker)
    {
        workers.at(worker).channel->send(test::text_frame(99, "mark"));
        auto const wanted = asked_of(worker);
        std::size_t marks = 0;
        std::size_t found = 0;
        for (std::size_t n = 1; marks < wanted; ++n) {
            auto const all = ends[worker]->log().messages(n);
            if (all.size() < n) break;
            if (all[n - 1].type == 99) ++marks;
            else ++found;
        }
        return found;
    }

  private:
    std::size_t asked_of(std::size_t worker)
    {
        if (marks_.size() <= worker) marks_.resize(worker + 1);
        return ++marks_[worker];
    }
    std::vector<std::size_t> marks_;
};

} // namespace

TEST_CASE("as many reads as allowed are permitted at once, in the order in which they are asked for")
{
    crowd all(3);
    rios::remote::read_permits permits(7, 2);
    for (std::size_t const worker : {0U, 0U, 1U, 2U}) permits.ask(worker, all.workers);
    CHECK(all.permits(0) == 2);
    CHECK(all.permits(1) == 0);
    permits.give_back(all.workers.at(0), all.workers);
    CHECK(all.permits(1) == 1);
    CHECK(all.permits(2) == 0);
    permits.give_back(all.workers.at(2), all.workers); // it had none
    CHECK(all.permits(2) == 0);
}

TEST_CASE("the permits of a worker that is lost go to others, and it gets none any more")
{
    crowd all(2);
    rios::remote::read_permits permits(7, 1);
    permits.ask(0, all.workers);
    permits.ask(0, all.workers);
    permits.ask(1, all.workers);
    auto const lost = all.workers.at(0);
    all.workers.erase(0);
    permits.lost(lost, all.workers);
    CHECK(all.permits(1) == 1);
}
