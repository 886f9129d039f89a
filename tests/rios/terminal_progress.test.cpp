// SPDX-License-Identifier: BSL-1.0
#include <rios/terminal_progress.hpp>

#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <cstdio>
#include <functional>
#include <string>

#include <doctest/doctest.h>

#include <rios/progress.hpp>

#include "support/captured_stderr.hpp"

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

std::string bar(std::string const& phase, std::size_t full, std::string const& percent)
{
    return "\r" + phase + std::string(16 - phase.size(), ' ') + " [" + std::string(full, '=') +
           std::string(40 - full, ' ') + "] " + percent + " %";
}

} // namespace

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
    std::string const wiped = "\r" + std::string(70, ' ') + "\r";
    {
        rios::terminal_progress progress;
        rios::progress_function const report = std::ref(progress);
        CHECK(report("k-means", 0));
        CHECK(screen.text() == bar("k-means", 0, "  0"));
        CHECK(report("k-means", 0.504));
        CHECK(screen.text() == bar("k-means", 20, " 50"));
        CHECK(report("k-means", 0.506)); // the same picture
        CHECK(screen.text().empty());
        CHECK(report("labels", 0.506));
        CHECK(screen.text() == bar("labels", 20, " 50"));
        CHECK(report("labels", 7));
        CHECK(screen.text() == bar("labels", 40, "100"));
        CHECK(report("a phase with a long name", -1));
        CHECK(screen.text() == bar("a phase with a l", 0, "  0"));
        progress.clear();
        CHECK(screen.text() == wiped);
        progress.clear();
        CHECK(screen.text().empty());
        CHECK(report("labels", 1));
        CHECK_FALSE(screen.text().empty());
    }
    CHECK(screen.text() == wiped);
}
