// SPDX-License-Identifier: BSL-1.0
//
// A progress bar for command-line tools.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

namespace rios {

/// Draws one bar for each phase on standard error, over the one before, and wipes it at the end. Draws nothing when
/// standard error is not a terminal. To be used as a progress_function by reference (std::ref).
class terminal_progress {
  public:
    terminal_progress() = default;
    terminal_progress(terminal_progress const&) = delete;
    terminal_progress& operator=(terminal_progress const&) = delete;
    ~terminal_progress() { clear(); }

    /// Always true: a bar does not cancel.
    bool operator()(std::string_view phase, double done)
    {
        auto const percent = static_cast<int>(std::clamp(done, 0.0, 1.0) * 100);
        if (!terminal_ || (phase == phase_ && percent == percent_)) return true;
        phase_ = phase;
        percent_ = percent;
        constexpr int width = 40;
        auto const full = static_cast<std::size_t>(percent * width / 100);
        auto const bar = std::string(full, '=') + std::string(width - full, ' ');
        std::fprintf(stderr, "\r%-16.16s [%s] %3d %%", phase_.c_str(), bar.c_str(), percent);
        drawn_ = true;
        return true;
    }

    /// Wipes the bar, so that a message can be printed in its place.
    void clear()
    {
        if (drawn_) std::fprintf(stderr, "\r%70s\r", "");
        drawn_ = false;
    }

  private:
    bool terminal_ = isatty(STDERR_FILENO) != 0;
    bool drawn_ = false;
    int percent_ = -1;
    std::string phase_;
};

} // namespace rios
