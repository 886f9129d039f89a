// SPDX-License-Identifier: BSL-1.0
//
// The simplest executor, and the oracle for all others: what they do must give the same result as this.
#pragma once

#include <cstddef>

#include "../concepts.hpp"

namespace rios {

/// Computes and delivers one index after the other on the caller's thread.
class inline_executor {
  public:
    /// @throws whatever the job throws, at once
    template <Job J>
    void run(J& job)
    {
        for (std::size_t index = 0; index < job.size(); ++index) job.deliver(index, job.compute(index));
    }

    /// Steps that can be under way at the same time.
    [[nodiscard]] static constexpr std::size_t concurrency() noexcept { return 1; }
};

} // namespace rios
