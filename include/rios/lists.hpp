// SPDX-License-Identifier: BSL-1.0
//
// Any number of files as one input or one output of a pipeline.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "block.hpp"
#include "concepts.hpp"
#include "error.hpp"
#include "pixel_grid.hpp"

namespace rios {

/// Several readers of one kind as one input: a worker gets their values as a vector, and may take it as
/// `std::span<rios::image<T> const>`. Each member is read by itself, by whichever thread is free.
template <Reader R>
class reader_list {
  public:
    using value_type = std::vector<typename R::value_type>;

    /// @throws options_error if there are none
    explicit reader_list(std::vector<R> members) : members_(std::move(members))
    {
        if (members_.empty()) throw options_error("a list of inputs must have at least one");
    }

    /// How it travels to another process, if its members can.
    using description_type = std::vector<R>;
    [[nodiscard]] std::vector<R> const& description() const noexcept { return members_; }

    [[nodiscard]] std::vector<R> const& members() const noexcept { return members_; }
    [[nodiscard]] pixel_grid const& grid() const noexcept { return members_.front().grid(); }

    [[nodiscard]] value_type read(block const& where)
    {
        value_type result;
        for (auto& each : members_) result.push_back(each.read(where));
        return result;
    }

  private:
    std::vector<R> members_;
};

/// One reader for each of many files: `rios::readers<rios::gdal_reader<float>>(paths)`.
/// @param more what else each reader is made from
template <Reader R, typename... More>
[[nodiscard]] reader_list<R> readers(std::vector<std::string> const& paths, More const&... more)
{
    std::vector<R> members;
    members.reserve(paths.size());
    for (auto const& path : paths) members.emplace_back(path, more...);
    return reader_list<R>(std::move(members));
}

/// Several writers of one kind as one output: a worker returns a vector with a value for each.
template <typename S>
class writer_list {
  public:
    /// @throws options_error if there are none
    explicit writer_list(std::vector<S> members) : members_(std::move(members))
    {
        if (members_.empty()) throw options_error("a list of outputs must have at least one");
    }

    [[nodiscard]] std::vector<S>& members() noexcept { return members_; }

  private:
    std::vector<S> members_;
};

} // namespace rios
