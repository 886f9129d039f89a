// SPDX-License-Identifier: BSL-1.0
//
// A progress bar for command-line tools, with the rate and the time that is left.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <utility>

namespace rios {

/// How much work every phase of a run is, for a rate: `{64.0, "Mpixel"}` gives "118 Mpixel/s".
struct progress_scale {
    double total = 0; ///< 0 for no rate
    std::string unit{};
};

namespace detail {

constexpr std::size_t progress_width = 79; // the 80th column of a terminal would move the cursor to the next line

/// A part within 0 and 1; 0 for what is no number.
[[nodiscard]] inline double part_done(double done)
{
    return done > 0 ? std::min(done, 1.0) : 0;
}

/// "0:12 left", "1:02:03 left", "12 days left".
[[nodiscard]] inline std::string time_left(double seconds)
{
    auto const whole = static_cast<long>(std::round(seconds));
    auto const hours = whole / 3600;
    auto const minutes = static_cast<int>(whole / 60 % 60);
    auto const rest = static_cast<int>(whole % 60);
    char text[48];
    if (hours >= 100) std::snprintf(text, sizeof text, "%ld days left", hours / 24);
    else if (hours > 0) std::snprintf(text, sizeof text, "%ld:%02d:%02d left", hours, minutes, rest);
    else std::snprintf(text, sizeof text, "%d:%02d left", minutes, rest);
    return text;
}

/// The text of a bar, at most progress_width bytes: phase, bar, percentage, and as soon as there is something to estimate
/// them from, rate and time left. A rate that finds no room is left out; so is the time of a thousand days or more.
/// @param elapsed seconds since the phase began
[[nodiscard]] inline std::string progress_line(std::string_view phase, double done, double elapsed,
                                               progress_scale const& scale)
{
    constexpr std::size_t width = 24;
    done = part_done(done);
    auto const percent = static_cast<unsigned>(done * 100);
    auto const full = percent * width / 100;
    auto name = std::string(phase.substr(0, 16));
    name.resize(16, ' ');
    char number[32];
    std::snprintf(number, sizeof number, "%3u %%", percent);
    auto line = name + " [" + std::string(full, '=') + std::string(width - full, ' ') + "] " + number;
    if (elapsed < 1 || done == 0) return line;

    auto const seconds = elapsed * (1 - done) / done;
    auto const left = seconds < 1000 * 86400.0 ? "  " + time_left(seconds) : std::string();
    if (scale.total > 0) {
        auto const rate = scale.total * done / elapsed;
        std::snprintf(number, sizeof number, rate < 999.5 ? "  %.3g " : "  %.0f ", rate);
        auto const text = number + scale.unit + "/s";
        if (line.size() + text.size() + left.size() <= progress_width) line += text;
    }
    return line + left;
}

} // namespace detail

/// Draws one bar for each phase on standard error, over the one before, and wipes it at the end. Draws nothing when
/// standard error is not a terminal. To be used as a progress_function by reference (std::ref).
///
/// Rate and time left are estimated from the part of the phase that is done and the time since it began: with its first
/// call, or with one that says that less is done than before.
class terminal_progress {
  public:
    explicit terminal_progress(progress_scale scale = {}) : scale_(std::move(scale)) {}
    terminal_progress(terminal_progress const&) = delete;
    terminal_progress& operator=(terminal_progress const&) = delete;
    ~terminal_progress() { clear(); }

    /// Always true: a bar does not cancel.
    bool operator()(std::string_view phase, double done)
    {
        if (!terminal_) return true;
        done = detail::part_done(done);
        auto const percent = static_cast<int>(done * 100);
        auto const now = clock::now();
        bool const begins = percent_ < 0 || phase != phase_ || done < done_;
        if (begins) begun_ = now;
        phase_ = phase;
        done_ = done;
        if (!begins && percent == percent_ && now - drawn_at_ < interval) return true;
        percent_ = percent;
        drawn_at_ = now;
        auto line = detail::progress_line(phase, done, std::chrono::duration<double>(now - begun_).count(), scale_);
        if (line == line_) return true;
        line_ = std::move(line);
        std::fprintf(stderr, "\r%-*s", static_cast<int>(detail::progress_width), line_.c_str());
        return true;
    }

    /// Wipes the bar, so that a message can be printed in its place.
    void clear()
    {
        if (!line_.empty()) std::fprintf(stderr, "\r%*s\r", static_cast<int>(detail::progress_width), "");
        line_.clear();
    }

  private:
    using clock = std::chrono::steady_clock;
    static constexpr auto interval = std::chrono::milliseconds(100); // between drawings that differ in their times only

    progress_scale scale_;
    bool terminal_ = isatty(STDERR_FILENO) != 0;
    std::string phase_;
    double done_ = 0;
    clock::time_point begun_;
    int percent_ = -1;
    clock::time_point drawn_at_;
    std::string line_; ///< what is on the screen
};

} // namespace rios
