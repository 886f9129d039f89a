// SPDX-License-Identifier: BSL-1.0
//
// How much the stages of a run may hold at once, how long they may stand still, and in which order results come.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace rios {

/// What may lie between two stages. Whatever the limits say, there is room for one block for each thread that fills it.
struct buffer_limit {
    /// Most blocks; those that are being computed are input still. 0: two for each thread that fills it and, of input, one
    /// more for each that computes.
    std::size_t blocks = 0;
    std::uint64_t bytes = std::uint64_t{1} << 30; ///< most bytes, judged by the largest block up to then
};

/// In which order results are delivered (blocks written).
enum class delivery_order {
    any, ///< as they are done: nobody waits for a slow block
    index ///< in the order of the blocks; of those that are done too early, no more wait than the buffer for results holds
};

/// How long a stage may be busy without finishing a single step, in seconds; 0 switches the limit off. A slow stage that
/// gets on is never ended, and neither is one that waits for another stage. The thread of a step that does not end cannot
/// be ended itself: it is left behind with what it holds, so a step with such a limit must not refer to what its caller
/// destroys. They count where other threads than the caller's do the work.
struct stall_limits {
    std::chrono::duration<double> reading{3600};
    std::chrono::duration<double> computing{0};
};

} // namespace rios
