// SPDX-License-Identifier: BSL-1.0
//
// Between inline_executor and thread_executor: blocks are read ahead by other threads, computed and written by the caller.
#pragma once

#include <cstddef>

#include "../concepts.hpp"
#include "../error.hpp"
#include "inline.hpp"
#include "threads.hpp"

namespace rios {

/// Options of read_ahead.
struct read_ahead_options {
    std::size_t readers = 1; ///< threads that read
};

/// Reads on threads of its own, when it is asked to by rios::run for a job with something to read; computes and delivers on
/// the caller's thread, in the order of the indexes. So a worker sees the blocks in the order in which inline_executor shows
/// them, and what it accumulates is the same to the last bit.
class read_ahead {
  public:
    /// @throws options_error unless there are 1 to 4096 readers
    explicit read_ahead(read_ahead_options options = {}) : readers_(detail::checked_threads("readers", options.readers))
    {
        if (readers_ == 0) throw options_error("readers 0: read_ahead needs at least 1");
    }

    /// As inline_executor. @throws whatever the job throws, at once
    template <Job J>
    void run(J& job)
    {
        inline_executor().run(job);
    }

    /// Steps that can be under way at the same time.
    [[nodiscard]] static constexpr std::size_t concurrency() noexcept { return 1; }

    /// Threads that read ahead, and threads that compute besides the caller's.
    [[nodiscard]] std::size_t readers() const noexcept { return readers_; }
    [[nodiscard]] static constexpr std::size_t workers() noexcept { return 0; }

  private:
    std::size_t readers_;
};

} // namespace rios
