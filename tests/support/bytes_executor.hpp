// SPDX-License-Identifier: BSL-1.0
// An executor that works as one on another machine would: nothing but bytes goes there and comes back.
#pragma once

#include <cstddef>
#include <utility>

#include <rios/archive.hpp>
#include <rios/cancellation.hpp>
#include <rios/concepts.hpp>
#include <rios/timing.hpp>

namespace test {

/// Sends the worker and every result of a rios::PortableJob through bytes: each step has a worker, a log and a
/// cancellation of its own. The steps of other jobs are computed in place.
class bytes_executor {
  public:
    template <rios::Job J>
    void run(J& job)
    {
        for (std::size_t index = 0; index < job.size(); ++index) {
            if constexpr (rios::PortableJob<J>) {
                ++steps_through_bytes_;
                auto const sent = rios::to_bytes(std::as_const(job).worker());
                auto const worker = rios::from_bytes<typename J::worker_type>(sent);
                rios::timing_log log;
                rios::cancellation cancellation;
                auto const returned = rios::to_bytes(worker(index, log, cancellation));
                auto value = rios::from_bytes<rios::detail::shipped<J>>(returned);
                if constexpr (requires { job.receive(index, std::move(value)); }) {
                    job.deliver(index, job.receive(index, std::move(value)));
                } else {
                    job.deliver(index, std::move(value));
                }
            } else {
                job.deliver(index, job.compute(index));
            }
        }
    }

    /// Steps that can be under way at the same time.
    [[nodiscard]] static constexpr std::size_t concurrency() noexcept { return 1; }

    /// How many steps were done by a worker that came out of bytes.
    [[nodiscard]] std::size_t steps_through_bytes() const noexcept { return steps_through_bytes_; }

  private:
    std::size_t steps_through_bytes_ = 0;
};

static_assert(rios::AnyExecutor<bytes_executor>);

} // namespace test
