// SPDX-License-Identifier: BSL-1.0
//
// The readers of a run: how many sources each of them has, and the reading of one part of a block by any thread. Used by
// apply_job.hpp.
#pragma once

#include <cstddef>
#include <deque>
#include <exception>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../block_info.hpp"
#include "../concepts.hpp"
#include "../error.hpp"
#include "../handle_pool.hpp"
#include "../lists.hpp"
#include "../read_block.hpp"
#include "../typed_errors.hpp"

namespace rios::detail {

/// One source of one input, and what messages call it.
template <typename R>
std::string path_of(R const& reader)
{
    if constexpr (requires { reader.path(); }) return std::string(reader.path());
    else return {};
}

inline std::string name_of_input(std::string const& path, std::size_t number)
{
    return path.empty() ? "input " + std::to_string(number + 1) : path;
}

template <typename R>
input_info info_of(R const& reader)
{
    input_info result{.filename = path_of(reader), .null_values = {}};
    if constexpr (requires { reader.null_value(std::size_t{0}); }) {
        std::size_t bands = 1;
        if constexpr (requires { reader.band_count(); }) bands = static_cast<std::size_t>(reader.band_count());
        for (std::size_t band = 0; band < bands; ++band) result.null_values.push_back(reader.null_value(band));
    }
    return result;
}

/// One input of a worker: a reader with a handle for each thread, or a list of them.
template <Reader R>
class input_source {
  public:
    using value_type = typename R::value_type;

    explicit input_source(R reader) : pool_(std::move(reader)) {}

    [[nodiscard]] static constexpr std::size_t parts() noexcept { return 1; }
    [[nodiscard]] value_type make_value() const { return {}; }
    void restore(value_type&) const noexcept {}
    [[nodiscard]] R const& member(std::size_t) const noexcept { return pool_.original(); }
    [[nodiscard]] R reader() const { return pool_.original(); }
    void read(std::size_t, block const& where, std::ptrdiff_t overlap, input_info const& info, value_type& into)
    {
        read_block(*pool_.lend(), where, overlap, info, into);
    }

  private:
    handle_pool<R> pool_;
};

template <Reader R>
class input_source<reader_list<R>> {
  public:
    using value_type = typename reader_list<R>::value_type;

    explicit input_source(reader_list<R> const& list)
    {
        for (auto const& each : list.members()) pools_.emplace_back(each);
    }

    [[nodiscard]] std::size_t parts() const noexcept { return pools_.size(); }
    [[nodiscard]] value_type make_value() const { return value_type(parts()); }
    void restore(value_type& value) const { value.resize(parts()); }
    [[nodiscard]] R const& member(std::size_t number) const noexcept { return pools_[number].original(); }
    [[nodiscard]] reader_list<R> reader() const
    {
        std::vector<R> members;
        for (auto const& each : pools_) members.push_back(each.original());
        return reader_list<R>(std::move(members));
    }
    void read(std::size_t number, block const& where, std::ptrdiff_t overlap, input_info const& info, value_type& into)
    {
        read_block(*pools_[number].lend(), where, overlap, info, into[number]);
    }

  private:
    std::deque<handle_pool<R>> pools_;
};

/// All inputs of a run.
template <Reader... Rs>
class inputs {
  public:
    using value_type = std::tuple<typename Rs::value_type...>;

    explicit inputs(std::tuple<Rs...> readers)
        : sources_(std::apply([](Rs&... each) { return sources{std::move(each)...}; }, readers))
    {
        for_each_source([&](std::size_t input, auto const& source) {
            for (std::size_t i = 0; i < source.parts(); ++i) parts_.push_back({input, i});
        });
    }

    /// The readers as they were given.
    [[nodiscard]] std::tuple<Rs...> readers() const
    {
        return std::apply([](auto const&... each) { return std::tuple<Rs...>(each.reader()...); }, sources_.all);
    }

    /// Reads that a block takes: one for each file.
    [[nodiscard]] std::size_t parts() const noexcept { return parts_.size(); }

    [[nodiscard]] value_type make_value() const
    {
        return std::apply([](auto const&... each) { return value_type(each.make_value()...); }, sources_.all);
    }

    /// Makes a value fit for the next block, whatever the worker has done with it.
    void restore(value_type& value) const
    {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (std::get<I>(sources_.all).restore(std::get<I>(value)), ...);
        }(std::index_sequence_for<Rs...>{});
    }

    [[nodiscard]] std::vector<std::vector<input_info>> describe() const
    {
        std::vector<std::vector<input_info>> result;
        for_each_source([&](std::size_t, auto const& source) {
            auto& members = result.emplace_back();
            for (std::size_t i = 0; i < source.parts(); ++i) members.push_back(info_of(source.member(i)));
        });
        return result;
    }

    /// Reads one part of a block. Any thread; different parts of one value at once.
    /// @throws a rios::error as the reader throws it; an io_error that names the source and the block, with whatever else
    /// the reader throws nested in it
    void read(std::size_t part, block const& where, run_info const& run, value_type& into)
    {
        auto const [input, member] = parts_[part];
        visit(input, [&, member = member, input = input]<std::size_t I>(std::integral_constant<std::size_t, I>) {
            auto& source = std::get<I>(sources_.all);
            auto const& info = run.inputs[input][member];
            with_typed_errors([&] { source.read(member, where, run.overlap, info, std::get<I>(into)); },
                              [&](std::string const& reason) {
                                  return io_error(name_of_input(info.filename, part),
                                                  "cannot read " + block_text(where) + ": " + reason);
                              });
        });
    }

    /// What a part is called in messages.
    [[nodiscard]] std::string part_name(std::size_t part, run_info const& run) const
    {
        auto const [input, member] = parts_[part];
        return name_of_input(run.inputs[input][member].filename, part);
    }

  private:
    struct sources {
        explicit sources(Rs&&... readers) : all(std::move(readers)...) {}
        std::tuple<input_source<Rs>...> all;
    };
    struct part_place {
        std::size_t input;
        std::size_t member;
    };

    template <typename F>
    void for_each_source(F f) const
    {
        std::size_t number = 0;
        std::apply([&](auto const&... each) { (f(number++, each), ...); }, sources_.all);
    }

    template <typename F>
    static void visit(std::size_t input, F f)
    {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            static_cast<void>(((I == input && (f(std::integral_constant<std::size_t, I>{}), true)) || ...));
        }(std::index_sequence_for<Rs...>{});
    }

    sources sources_;
    std::vector<part_place> parts_;
};

} // namespace rios::detail
