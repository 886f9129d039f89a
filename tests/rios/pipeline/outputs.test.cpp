// SPDX-License-Identifier: BSL-1.0
#include <rios/pipeline/outputs.hpp>

#include <cstddef>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/apply.hpp>
#include <rios/executor/inline.hpp>
#include <rios/lists.hpp>
#include <rios/memory_reader.hpp>

#include "support/message_of.hpp"

using rios::block;
using rios::image;
using rios::image_view;
using test::message_of;

namespace {

// A writer without a path that fails in the step it is told.
class failing_writer {
  public:
    explicit failing_writer(std::string step = {}, std::string path = {})
        : step_(std::move(step)), path_(std::move(path))
    {
    }

    struct looker {
        bool fails = false;
        int operator()(block const&, image_view<float const>, rios::timing_log&) const
        {
            if (fails) throw std::runtime_error("no");
            return 0;
        }
    };

    [[nodiscard]] std::string const& path() const { return path_; }
    void open(rios::pixel_grid const&) const { fail_in("open"); }
    void write(block const&, image_view<float const>) const {}
    void write(block const&, image_view<float const>, int /*digest*/) const { fail_in("write"); }
    void skip(block const&) const { fail_in("skip"); }
    [[nodiscard]] looker preparer() const { return {step_ == "prepare"}; }
    void absorb(looker&) const { fail_in("absorb"); }
    void finish(rios::timing_log&) const { fail_in("finish"); }
    void close() const { fail_in("close"); }

  private:
    void fail_in(char const* step) const
    {
        if (step_ == step) throw std::runtime_error("no");
    }

    std::string step_;
    std::string path_;
};
static_assert(rios::detail::PreparingWriter<failing_writer>);

// One output, a list of three, another one, of which that with the number fails; 1 is the first.
std::string message(std::size_t number, std::string const& step, std::string const& path = {})
{
    std::vector<failing_writer> all(5);
    all[number - 1] = failing_writer(step, path);
    auto const worker = [](rios::block_info const&, image<float> const& in) {
        using some = std::optional<image<float>>;
        return std::tuple{some(), std::vector{in, in, in}, in};
    };
    image<float> const pixels(1, 2, 3);
    return message_of<rios::io_error>([&] {
        rios::apply(rios::memory_reader<float>(pixels.view()), worker,
                    std::tuple{all[0], rios::writer_list(std::vector(all.begin() + 1, all.begin() + 4)), all[4]},
                    rios::inline_executor());
    });
}

} // namespace

TEST_CASE("outputs without a path have numbers in messages, and members of lists count one by one")
{
    std::string const where = "block 0 (rows 0 to 1, cols 0 to 2): no";
    for (std::size_t number = 1; number <= 5; ++number) {
        auto const name = "output " + std::to_string(number);
        CHECK(message(number, "open") == name + ": cannot open: no");
        if (number > 1) CHECK(message(number, "write") == name + ": cannot write " + where);
        if (number > 1) CHECK(message(number, "prepare") == name + ": cannot prepare " + where);
        CHECK(message(number, "absorb") == name + ": cannot finish: no");
        CHECK(message(number, "finish") == name + ": cannot finish: no");
        CHECK(message(number, "close") == name + ": cannot close: no");
    }
    CHECK(message(1, "skip") == "output 1: cannot write " + where);
}

TEST_CASE("a member of a list that has a path is called by it")
{
    for (auto const* const step : {"open", "write", "prepare", "absorb", "finish", "close"}) {
        CAPTURE(step);
        CHECK(message(3, step, "b.tif").starts_with("b.tif: cannot "));
    }
}
