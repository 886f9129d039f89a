// SPDX-License-Identifier: BSL-1.0
//
// A function as the end of a pipeline: it sees the results of all blocks, one at a time.
#pragma once

#include <utility>

#include "block.hpp"
#include "pixel_grid.hpp"

namespace rios {

/// Calls `f(block, result)` for each block, on the thread that called apply. With delivery_order::index the blocks come in
/// scan order, so what it adds up is the same bits with every executor.
template <typename F>
class function_writer {
  public:
    explicit function_writer(F f) : f_(std::move(f)) {}

    void open(pixel_grid const& /*grid*/) {}
    template <typename Out>
    void write(block const& where, Out&& result)
        requires requires(F& f) { f(where, std::forward<Out>(result)); }
    {
        f_(where, std::forward<Out>(result));
    }
    void close() {}

  private:
    F f_;
};

} // namespace rios
