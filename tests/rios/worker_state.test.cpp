// SPDX-License-Identifier: BSL-1.0
#include <rios/worker_state.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include <doctest/doctest.h>

#include <rios/archive.hpp>
#include <rios/error.hpp>

#include "support/message_of.hpp"

namespace {

using rios::Archivable;
using rios::Portable;
using rios::detail::worker_state;

struct lists_members {
    std::string name = "default";
    std::vector<int> numbers;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.name, self.numbers);
    }
};

struct holds_text {
    std::string text;
};

auto factor_and_offset(double factor, std::int32_t offset)
{
    return [factor, offset](double x) { return factor * x + offset; };
}
auto of_a_text(std::string text)
{
    return [text = std::move(text)] { return text; };
}
using captures_numbers = decltype(factor_and_offset(1, 2));
using captures_text = decltype(of_a_text(""));

static_assert(Portable<captures_numbers> && !Archivable<captures_numbers>);
static_assert(Portable<lists_members> && Portable<int>);
static_assert(!Portable<holds_text> && !Portable<captures_text> && !Portable<std::unique_ptr<int>>);
// What cannot travel has something in its place that does not, either.
static_assert(Archivable<rios::detail::state_of<captures_numbers>> &&
              Archivable<rios::detail::state_of<lists_members>>);
static_assert(!Archivable<rios::detail::state_of<holds_text>> && !Archivable<rios::detail::state_of<captures_text>>);

template <typename W>
W there_and_back(W const& worker)
{
    auto const bytes = rios::to_bytes(worker_state<W>(worker));
    return rios::from_bytes<worker_state<W>>(bytes).worker();
}

} // namespace

TEST_CASE("a worker comes back by its members or by its bytes")
{
    CHECK(there_and_back(factor_and_offset(2.5, -3))(10) == 22);
    CHECK(of_a_text("stays here")() == "stays here");
    auto const again = there_and_back(lists_members{.name = "n", .numbers = {1, 2}});
    CHECK(again.name == "n");
    CHECK(again.numbers == std::vector<int>{1, 2});
}

TEST_CASE("the state of a worker is refused if its bytes are too few or too many")
{
    auto const refusal = []<typename W>(W const& worker, std::ptrdiff_t change) {
        auto bytes = worker_state<W>(worker).description();
        bytes.resize(bytes.size() + static_cast<std::size_t>(change));
        return test::message_of<rios::error>([&] { static_cast<void>(worker_state<W>(bytes).worker()); });
    };
    auto const function = factor_and_offset(2.5, -3);
    for (auto const change : {-1, 1, 16}) {
        CHECK(refusal(function, change) == "the state of a worker has another size: it is damaged");
    }
    CHECK(refusal(lists_members(), -1) == "the data of a worker are damaged, or end too early");
    CHECK(refusal(lists_members(), 1) == "the data of a worker do not end where they should: they are damaged");
}

TEST_CASE("only a worker that lists what means the same everywhere travels to another architecture")
{
    CHECK(worker_state<lists_members>::travels_anywhere());
    CHECK_FALSE(worker_state<captures_numbers>::travels_anywhere());
    CHECK(rios::detail::is_portable_archive<worker_state<lists_members>>());
    CHECK_FALSE(rios::detail::is_portable_archive<worker_state<captures_numbers>>());
}

TEST_CASE("what lies in the gaps of a worker is nothing, even if it looks like an address")
{
    struct with_gaps {
        std::uint8_t first = 1;
        alignas(16) double second = 2;
    };
    static_assert(Portable<with_gaps> && sizeof(with_gaps) == 32);
    alignas(with_gaps) std::byte place[sizeof(with_gaps)];
    for (std::size_t at = 0; at < sizeof place; at += sizeof(void*)) { // as if something else had been there before
        void* const address = &place;
        std::memcpy(place + at, &address, sizeof address);
    }
    auto* const worker = reinterpret_cast<with_gaps*>(place);
    worker->first = 5;
    worker->second = 7;
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
    auto const again = there_and_back(*worker);
    CHECK(again.first == 5);
    CHECK(again.second == 7);
    return;
#endif
#endif
    std::printf("SKIPPED: this compiler cannot clear what lies between members\n");
}
