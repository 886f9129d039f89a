// SPDX-License-Identifier: BSL-1.0
//
// Requests that are sent again when AWS has too much to do, or is not reached.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <random>
#include <string>
#include <thread>

#include "error.hpp"
#include "http.hpp"
#include "secrets.hpp"

namespace rios::aws::detail {

/// The attempts of a call, with pauses that double, and differ from process to process.
class call_attempts {
  public:
    call_attempts(std::size_t most, std::chrono::duration<double> patience)
        : most_(most), patience_(patience), end_(clock::now() + std::chrono::duration_cast<clock::duration>(patience))
    {
    }

    /// Waits for the next attempt. @returns whether there is one
    [[nodiscard]] bool next()
    {
        thread_local std::minstd_rand random(std::random_device{}());
        auto const pause = pause_ * std::uniform_real_distribution<double>(0.5, 1)(random);
        if (number_ >= most_ || pause >= end_ - clock::now()) return false;
        std::this_thread::sleep_for(pause);
        pause_ = std::min(2 * pause_, std::chrono::duration<double>(20));
        ++number_;
        return true;
    }

    /// Number of the attempt, from 1.
    [[nodiscard]] std::size_t number() const noexcept { return number_; }

    /// Seconds that the attempt may take: one that hangs leaves time for another.
    [[nodiscard]] std::chrono::duration<double> limit() const
    {
        return std::min<std::chrono::duration<double>>(patience_ / 2, end_ - clock::now());
    }

  private:
    using clock = std::chrono::steady_clock;

    std::size_t most_;
    std::chrono::duration<double> patience_;
    clock::time_point end_;
    std::size_t number_ = 1;
    std::chrono::duration<double> pause_{0.25};
};

/// Is it a matter of time? Otherwise a call that is repeated fails again.
[[nodiscard]] inline bool passes(long status, std::string const& code)
{
    constexpr std::array codes{"BandwidthLimitExceeded",
                               "EC2ThrottledException",
                               "PriorRequestNotComplete",
                               "RequestLimitExceeded",
                               "RequestThrottled",
                               "RequestThrottledException",
                               "RequestTimeout",
                               "RequestTimeoutException",
                               "SlowDown",
                               "Throttling",
                               "ThrottlingException",
                               "ThrottledException",
                               "TooManyRequestsException",
                               "IDPCommunicationError"};
    return status == 429 || status >= 500 || std::find(codes.begin(), codes.end(), code) != codes.end();
}

/// Did AWS say no, and will it always? Then nothing was done, whatever became of earlier attempts with the same token.
[[nodiscard]] inline bool is_refusal(aws_error const& failure)
{
    return failure.status() >= 400 && !passes(failure.status(), failure.code());
}

/// A call: what it is, and how long it is tried.
struct call_plan {
    std::string name; ///< "AWS ecs RunTask"
    std::size_t attempts = 8;
    std::chrono::duration<double> patience{60};
    std::function<void(http_request&)> prepare{};               ///< before each attempt
    std::function<bool(std::string const& code)> can_recover{}; ///< whether another attempt is worth it, at once
};

/// The good answer to a request.
/// @param secrets what messages must not show; `prepare` may add to it
/// @throws aws_error
[[nodiscard]] inline http_answer send_patiently(http_session& session, http_request request, call_plan const& plan,
                                                secret_texts const& secrets)
{
    call_attempts attempts(plan.attempts, plan.patience);
    auto const fail = [&](std::string const& reason, std::string const& code, long status) {
        auto const after =
            attempts.number() > 1 ? " (after " + std::to_string(attempts.number()) + " attempts)" : std::string();
        throw aws_error(plan.name + ": " + secrets.hidden_in(reason) + after, secrets.hidden_in(code), status);
    };
    for (;;) {
        if (plan.prepare) plan.prepare(request);
        request.limit = attempts.limit();
        http_answer answer;
        try {
            answer = session.send(request);
        } catch (http_failure const& failure) {
            if (!failure.is_transient() || !attempts.next()) fail(failure.what(), "", 0);
            continue;
        }
        if (answer.is_good()) return answer;
        auto const [code, message] = refusal_in(answer);
        if (plan.can_recover && plan.can_recover(code)) continue;
        if (passes(answer.status, code) && attempts.next()) continue;
        // A text that is neither JSON nor XML is nobody's who knows this call: it may repeat all that was sent.
        auto reason = code.empty() ? "HTTP status " + std::to_string(answer.status) : code;
        if (!message.empty()) reason += ": " + message;
        fail(reason, code, answer.status);
    }
}

} // namespace rios::aws::detail
