// SPDX-License-Identifier: BSL-1.0
#include <rios/terminal_progress.hpp>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <limits>
#include <string>
#include <thread>

#include <doctest/doctest.h>

#include <rios/progress.hpp>

#include "support/captured_stderr.hpp"

using rios::progress_scale;
using rios::detail::progress_line;
using namespace std::chrono_literals;

namespace {

/// A terminal in place of standard error.
class terminal {
  public:
    terminal() : master_(::posix_openpt(O_RDWR | O_NOCTTY)), saved_(::dup(STDERR_FILENO))
    {
        std::fflush(stderr);
        if (master_ < 0 || ::grantpt(master_) != 0 || ::unlockpt(master_) != 0) return;
        auto const slave = ::open(::ptsname(master_), O_RDWR | O_NOCTTY);
        if (slave < 0) return;
        ::dup2(slave, STDERR_FILENO);
        ::close(slave);
    }
    terminal(terminal const&) = delete;
    terminal& operator=(terminal const&) = delete;
    ~terminal()
    {
        std::fflush(stderr);
        ::dup2(saved_, STDERR_FILENO);
        ::close(saved_);
        if (master_ >= 0) ::close(master_);
    }

    [[nodiscard]] static bool works() { return ::isatty(STDERR_FILENO) != 0; }

    /// What was written since the last time.
    [[nodiscard]] std::string text() const
    {
        std::fflush(stderr);
        std::string result;
        pollfd readable{.fd = master_, .events = POLLIN, .revents = 0};
        while (::poll(&readable, 1, 100) > 0 && (readable.revents & POLLIN) != 0) {
            char buffer[4096];
            auto const count = ::read(master_, buffer, sizeof buffer);
            if (count <= 0) break;
            result.append(buffer, static_cast<std::size_t>(count));
        }
        return result;
    }

  private:
    int master_;
    int saved_;
};

std::string bar(std::string phase, std::size_t full, std::string const& percent)
{
    phase.resize(16, ' ');
    return phase + " [" + std::string(full, '=') + std::string(24 - full, ' ') + "] " + percent + " %";
}

/// A bar as it is drawn over another one.
std::string drawn(std::string line)
{
    line.resize(79, ' ');
    return "\r" + line;
}

} // namespace

TEST_CASE("a bar has no rate and no time left before a second has passed and something is done")
{
    progress_scale const scale{64.0, "Mpixel"};
    CHECK(progress_line("reading", 0, 0, scale) == bar("reading", 0, "  0"));
    CHECK(progress_line("reading", 0.5, 0.999, scale) == bar("reading", 12, " 50"));
    CHECK(progress_line("reading", 0, 100, scale) == bar("reading", 0, "  0"));
    CHECK(progress_line("reading", 0.5, 1, scale) == bar("reading", 12, " 50") + "  32 Mpixel/s  0:01 left");
}

TEST_CASE("the time left follows from the time since the phase began and the part that is done")
{
    auto const left = [](double done, double elapsed) { return progress_line("", done, elapsed, {}).substr(49); };
    CHECK(progress_line("k-means", 0.25, 4, {}) == bar("k-means", 6, " 25") + "  0:12 left");
    CHECK(left(0.2, 3) == "  0:12 left");
    CHECK(left(0.5, 59.4) == "  0:59 left");
    CHECK(left(0.5, 59.6) == "  1:00 left");
    CHECK(left(0.5, 3599) == "  59:59 left");
    CHECK(left(0.5, 3723) == "  1:02:03 left");
    CHECK(left(0.5, 359999) == "  99:59:59 left");
    CHECK(left(0.5, 360000) == "  4 days left"); // 100 hours
    CHECK(left(0.5, 999 * 86400.0) == "  999 days left");
    CHECK(left(0.5, 1000 * 86400.0).empty());
    CHECK(left(1e-300, 1e10).empty());
    CHECK(left(0.999, 10) == "  0:00 left");
    CHECK(left(1, 10) == "  0:00 left");
}

TEST_CASE("the rate is the work of the whole phase by the part that is done and the time since it began")
{
    auto const rate = [](double total, double elapsed) {
        auto const line = progress_line("", 0.5, elapsed, {total, "Mpixel"});
        return line.substr(51, line.rfind("  ") - 51);
    };
    CHECK(rate(472, 2) == "118 Mpixel/s");
    CHECK(rate(0.5, 2) == "0.125 Mpixel/s");
    CHECK(rate(10, 2) == "2.5 Mpixel/s");
    CHECK(rate(64, 3) == "10.7 Mpixel/s");
    CHECK(rate(999.4 * 4, 2) == "999 Mpixel/s");
    CHECK(rate(999.6 * 4, 2) == "1000 Mpixel/s");
    CHECK(rate(123456.0 * 4, 2) == "123456 Mpixel/s");
    CHECK(progress_line("", 1, 4, {64, "blocks"}) == bar("", 24, "100") + "  16 blocks/s  0:00 left");
    CHECK(progress_line("", 0.5, 4, {0, "blocks"}) == bar("", 12, " 50") + "  0:04 left");
    CHECK(progress_line("", 0.5, 4, {-64, "blocks"}) == bar("", 12, " 50") + "  0:04 left");
}

TEST_CASE("a bar fits on a line of a terminal, and a rate that does not fit is left out")
{
    // 49 columns for the bar and 15 for the time left: 15 remain for the rate.
    auto const without_rate = bar("", 12, " 50") + "  13:53:20 left";
    CHECK(progress_line("", 0.5, 50000, {1e6, "12345678"}) == bar("", 12, " 50") + "  10 12345678/s  13:53:20 left");
    CHECK(progress_line("", 0.5, 50000, {1e6, "12345678"}).size() == 79);
    CHECK(progress_line("", 0.5, 50000, {1e6, "123456789"}) == without_rate);
    CHECK(progress_line("", 0.5, 50000, {1e300, "pixels"}) == without_rate);
    CHECK(progress_line("", 0.5, 50000, {1e6, std::string(500, 'x')}) == without_rate);
    CHECK(progress_line(std::string(500, 'x'), 0.5, 50000, {}).size() == 49 + 15);
}

TEST_CASE("a bar takes any number for the part that is done")
{
    constexpr auto nan = std::numeric_limits<double>::quiet_NaN();
    constexpr auto infinity = std::numeric_limits<double>::infinity();
    CHECK(progress_line("x", -3, 5, {}) == bar("x", 0, "  0"));
    CHECK(progress_line("x", nan, 5, {}) == bar("x", 0, "  0"));
    CHECK(progress_line("x", 7, 0, {}) == bar("x", 24, "100"));
    CHECK(progress_line("x", infinity, 0, {}) == bar("x", 24, "100"));
    CHECK(progress_line("x", 0.9999, 0, {}) == bar("x", 23, " 99"));
}

TEST_CASE("a bar draws nothing where standard error is no terminal")
{
    test::captured_stderr const captured;
    {
        rios::terminal_progress progress;
        CHECK(progress("k-means", 0.5));
        CHECK(progress("labels", 1));
        progress.clear();
    }
    CHECK(captured.text().empty());
}

TEST_CASE("a bar is drawn over the one before and wiped at the end")
{
    terminal const screen;
    if (!terminal::works()) {
        std::puts("SKIPPED: this machine lends out no pseudo-terminal");
        return;
    }
    std::string const wiped = "\r" + std::string(79, ' ') + "\r";
    {
        rios::terminal_progress progress;
        rios::progress_function const report = std::ref(progress);
        CHECK(report("k-means", 0));
        CHECK(report("k-means", 0.504));
        CHECK(report("k-means", 0.506)); // the same picture
        CHECK(screen.text() == drawn(bar("k-means", 0, "  0")) + drawn(bar("k-means", 12, " 50")));
        CHECK(report("labels", 0.506));
        CHECK(report("labels", 7));
        CHECK(screen.text() == drawn(bar("labels", 12, " 50")) + drawn(bar("labels", 24, "100")));
        CHECK(report("a phase with a long name", -1));
        CHECK(screen.text() == drawn(bar("a phase with a l", 0, "  0")));
        progress.clear();
        CHECK(screen.text() == wiped);
        progress.clear();
        CHECK(screen.text().empty());
        CHECK(report("labels", 1));
        CHECK(screen.text() == drawn(bar("labels", 24, "100")));
    }
    CHECK(screen.text() == wiped);
}

TEST_CASE("a bar shows rate and time left of its phase, which begins anew when less is done than before")
{
    terminal const screen;
    if (!terminal::works()) {
        std::puts("SKIPPED: this machine lends out no pseudo-terminal");
        return;
    }
    rios::terminal_progress progress({1e6, "pixels"});
    progress("tiles", 0);
    CHECK(screen.text() == drawn(bar("tiles", 0, "  0")));
    std::this_thread::sleep_for(1100ms);
    progress("tiles", 0.5);
    auto const estimated = screen.text();
    CHECK(estimated.size() == 80);
    CHECK(estimated.starts_with("\r" + bar("tiles", 12, " 50") + "  "));
    CHECK(estimated.find(" pixels/s  0:0") != std::string::npos);
    CHECK(estimated.find(" left ") != std::string::npos);
    progress("tiles", 0.4);
    CHECK(screen.text() == drawn(bar("tiles", 9, " 40")));
    progress("labels", 0.4);
    CHECK(screen.text() == drawn(bar("labels", 9, " 40")));
}

TEST_CASE("a bar whose percentage stays is drawn again at most ten times in a second")
{
    terminal const screen;
    if (!terminal::works()) {
        std::puts("SKIPPED: this machine lends out no pseudo-terminal");
        return;
    }
    rios::terminal_progress progress({1e9, "pixels"}); // the rate changes with every call
    progress("tiles", 0.5);
    std::this_thread::sleep_for(1100ms);
    CHECK_FALSE(screen.text().empty());
    auto const begin = std::chrono::steady_clock::now();
    std::size_t calls = 0;
    for (; std::chrono::steady_clock::now() - begin < 350ms; ++calls) progress("tiles", 0.5);
    auto const passed = std::chrono::steady_clock::now() - begin;
    auto const text = screen.text();
    auto const drawings = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\r'));
    CHECK(drawings >= 1);
    CHECK(drawings <= 1 + static_cast<std::size_t>(passed / 100ms));
    CHECK(calls > drawings);
}
