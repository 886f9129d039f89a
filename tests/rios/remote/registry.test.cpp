// SPDX-License-Identifier: BSL-1.0
#include <rios/remote/registry.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <rios/cancellation.hpp>
#include <rios/error.hpp>
#include <rios/timing.hpp>

#include "support/message_of.hpp"

namespace {

namespace remote = rios::remote;

/// A worker of a test. What it knows is that it was made, and from how many bytes.
template <int Kind>
class known_work final : public remote::served_work {
  public:
    explicit known_work(std::span<std::byte const> state) : size_(state.size()) {}
    [[nodiscard]] std::unique_ptr<remote::held_input> read(std::size_t, std::span<std::byte const>) override
    {
        return nullptr;
    }
    [[nodiscard]] rios::net::frame_bytes compute(remote::step const&, remote::held_input&) override { return {}; }
    [[nodiscard]] std::vector<std::byte> accumulated() override { return std::vector<std::byte>(size_ + Kind); }
    void stop() noexcept override {}
    [[nodiscard]] rios::timings times() const override { return {}; }

  private:
    std::size_t size_;
};

/// There is another one of this name in session.test.cpp, which shows what that leads to.
struct of_two_files {
    std::uint64_t operator()(std::size_t, rios::timing_log&, rios::cancellation&) const { return 0; }
};

template <int Kind>
constexpr auto maker = &remote::detail::make_work<known_work<Kind>>;

std::string refusal(remote::registry const& from, std::string const& name)
{
    return test::message_of<rios::remote_error>([&] { static_cast<void>(from.make(name, {})); });
}

} // namespace

TEST_CASE("a worker is made from its bytes by the name of its type")
{
    remote::registry kinds;
    kinds.enter("one", maker<1>);
    kinds.enter("two", maker<2>);
    kinds.enter("one", maker<1>); // the same again, as from another source file
    std::vector<std::byte> const state(10);
    CHECK(kinds.make("one", state)->accumulated().size() == 11);
    CHECK(kinds.make("two", state)->accumulated().size() == 12);
}

TEST_CASE("a type that this program does not have is an error, and so is a name that two have")
{
    remote::registry kinds;
    kinds.enter("one", maker<1>);
    CHECK(refusal(kinds, "other") ==
          "this program has no worker of type other: it is not the one that the main process is");
    CHECK(refusal(kinds, "") != "(nothing was thrown)");
    kinds.enter("one", maker<2>);
    std::string const two = "this program has two workers of type one: give one of them another name, or a namespace "
                            "that has one";
    CHECK(refusal(kinds, "one") == two);
    kinds.enter("one", maker<2>); // a third time does not make it one
    kinds.enter("one", maker<1>);
    CHECK(refusal(kinds, "one") == two);
}

TEST_CASE("whoever asks for the name of a worker has entered it before main began")
{
    auto const name = remote::detail::registration<known_work<7>>::name();
    CHECK(remote::registry::instance().make(name, {})->accumulated().size() == 7);
    auto const of_two = remote::detail::registration<remote::detail::reading_work<of_two_files>>::name();
    CHECK(of_two.find("of_two_files") != std::string::npos);
}
