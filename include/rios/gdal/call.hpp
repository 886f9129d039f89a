// SPDX-License-Identifier: BSL-1.0
//
// What every call of GDAL in rios is wrapped in: GDAL's messages are caught instead of printed, and a failed call
// becomes an io_error that begins with the path and gives GDAL's first reason, on one line.
#pragma once

#include <cctype>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <mutex>
#include <string>
#include <string_view>
#include <system_error>

#include <cpl_error.h>
#include <dlfcn.h>
#include <gdal.h>

#include "../error.hpp"

namespace rios {

namespace detail {

/// Makes what libtiff reports outside an open file into a GDAL error. From 3.7 on GDAL leaves that to libtiff, which
/// prints it, and a write that fails while the file is being closed is reported in no other way.
inline void catch_libtiff_errors()
{
#if GDAL_VERSION_NUM >= GDAL_COMPUTE_VERSION(3, 7, 0)
    using handler = void (*)(char const* where, char const* format, std::va_list arguments);
    using setter = handler (*)(handler);
    // Found wherever GDAL uses the system's libtiff; a GDAL with one inside keeps it to itself.
    auto* const symbol = ::dlsym(RTLD_DEFAULT, "TIFFSetErrorHandler");
    if (symbol == nullptr) return;
    reinterpret_cast<setter>(symbol)([](char const* where, char const* format, std::va_list arguments) {
        auto const os_code = errno;
        char text[512];
        std::vsnprintf(text, sizeof text, format, arguments);
        errno = os_code;
        CPLError(CE_Failure, CPLE_FileIO, "%s: %s", where == nullptr ? "libtiff" : where, text);
    });
#endif
}

} // namespace detail

/// Makes GDAL's drivers known, once in a process. Everything in rios that needs them calls it. Any thread.
inline void register_drivers()
{
    static std::once_flag once;
    std::call_once(once, [] {
        GDALAllRegister();
        detail::catch_libtiff_errors();
    });
}

namespace detail {

inline void replace_all(std::string& text, std::string_view what, std::string_view with)
{
    if (what.empty()) return;
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

/// Removes `name`, quoted or not, and the punctuation after it from the start of the text. Is it gone?
inline bool strip_leading_name(std::string& text, std::string_view name)
{
    std::size_t const quoted = !text.empty() && (text[0] == '\'' || text[0] == '`' || text[0] == '"') ? 1 : 0;
    if (name.empty() || text.compare(quoted, name.size(), name) != 0) return false;
    auto const after = quoted + name.size() + quoted;
    if (after >= text.size() || (quoted == 0 && text[after] != ':' && text[after] != ',')) return false;
    text.erase(0, text.find_first_not_of(":, ", after));
    return true;
}

/// A sentence as the continuation of another: "No such file" begins in lower case, "TIFFReadDirectory: ..." is a name.
inline std::string decapitalised(std::string text)
{
    auto const word_end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz", 1);
    if (word_end == std::string::npos || (word_end > 1 && text[word_end] == ' ')) {
        text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    }
    return text;
}

/// Cuts a long statement of SQL in "sqlite3_exec(CREATE TABLE ...) failed: disk full" to its beginning.
inline void shorten_statement(std::string& text)
{
    constexpr std::string_view call = "sqlite3_exec(";
    constexpr std::size_t most = 40; // bytes
    auto const begin = text.find(call);
    auto const end = text.rfind(") failed");
    if (begin == std::string::npos || end == std::string::npos || end < begin + call.size() + most) return;
    auto const cut = text.rfind(' ', begin + call.size() + most);
    text.replace(cut, end - cut, " ...");
}

/// GDAL's text as it may follow "PATH: " in a message: one line, without that path at its start, and in the words of
/// rios where a user meets it often.
/// @param shown the path that the message will begin with
/// @param actual the path that GDAL was given, where it is another one
inline std::string gdal_reason(std::string text, std::string const& shown, std::string const& actual = {})
{
    for (auto& c : text) {
        if (std::iscntrl(static_cast<unsigned char>(c)) != 0) c = ' ';
    }
    while (text.find("  ") != std::string::npos) replace_all(text, "  ", " ");
    shorten_statement(text);
    replace_all(text, actual, shown);
    auto const file_name = shown.substr(shown.find_last_of('/') + 1); // npos + 1 is 0
    while (strip_leading_name(text, shown) || strip_leading_name(text, file_name)) {}
    text.erase(0, text.find_first_not_of(":, "));
    text.erase(text.find_last_not_of(". ") + 1);

    if (text.find("does not exist in the file system") != std::string::npos) return "no such file or directory";
    if (text.starts_with("not recognized as")) {
        auto const hint = text.find(". "); // newer GDAL: the plug-in to be installed
        return "not recognised as a raster by GDAL" +
               (hint == std::string::npos ? "" : "; " + decapitalised(text.substr(hint + 2)));
    }
    return text.empty() ? "failed; GDAL gives no reason" : decapitalised(text);
}

} // namespace detail

/// Catches what GDAL reports on this thread from its making to its end. Nothing reaches stderr, except the debug output
/// that somebody asks for by CPL_DEBUG. Scopes nest; each sees its own calls, and the end of one restores the handler of
/// before.
class gdal_errors {
  public:
    gdal_errors()
    {
        errno = 0;
        CPLPushErrorHandlerEx(&gdal_errors::collect, this);
        CPLSetCurrentErrorHandlerCatchDebug(FALSE);
    }
    gdal_errors(gdal_errors const&) = delete;
    gdal_errors& operator=(gdal_errors const&) = delete;
    ~gdal_errors() { CPLPopErrorHandler(); }

    /// Has GDAL reported a failure (not only a warning)?
    [[nodiscard]] bool failed() const noexcept { return failed_; }

    /// GDAL's first failure, or its first warning if there was no failure; empty if there was nothing.
    [[nodiscard]] std::string const& message() const noexcept { return failed_ ? failure_ : warning_; }

    /// Throws "SHOWN: DOING: GDAL's reason".
    /// @param shown the path as the user knows it
    /// @param doing what was tried; may be empty
    /// @param actual the path that GDAL was given, where it is another one
    /// @throws io_error always
    [[noreturn]] void fail(std::string const& shown, std::string const& doing = {},
                           std::string const& actual = {}) const
    {
        auto reason = detail::gdal_reason(message(), shown, actual);
        if (os_failure_ != 0) {
            auto const os_text = std::generic_category().message(os_failure_);
            if (reason.find(os_text.substr(1)) == std::string::npos) reason += " (" + os_text + ')';
        }
        throw io_error(shown, doing.empty() ? reason : doing + ": " + reason);
    }

    /// Throws as fail() does unless the call succeeded and GDAL reported no failure.
    /// @throws io_error
    void check(bool succeeded, std::string const& shown, std::string const& doing = {},
               std::string const& actual = {}) const
    {
        if (!succeeded || failed_) fail(shown, doing, actual);
    }

  private:
    static void CPL_STDCALL collect(CPLErr severity, CPLErrorNum /*number*/, char const* text) noexcept
    try {
        auto const os_code = errno;
        auto& self = *static_cast<gdal_errors*>(CPLGetErrorHandlerUserData());
        // What the HFA driver says of statistics beyond 2^31, which it keeps all the same, as double; of histograms of more
        // than a million rows, which it has in the attribute table; and of colours for more than 65536 values, which cannot be
        // a palette but are in the attribute table, too.
        std::string_view const said = text;
        if (said.starts_with("Too large for int: ") || said.starts_with("Unreasonably large histogram: ") ||
            said.starts_with("Invalid number of colors: ")) {
            severity = CE_Warning;
        }
        // The file beside the raster, with attribute tables, statistics and more, is lost.
        if (said.starts_with("Unable to save auxiliary information")) severity = CE_Failure;
        if (severity == CE_Warning && self.warning_.empty()) self.warning_ = text;
        if ((severity != CE_Failure && severity != CE_Fatal) || self.failed_) return;
        self.failed_ = true;
        self.failure_ = text;
        // A full disk is worth naming, and GDAL's formats only say that they could not write.
        if (os_code == ENOSPC || os_code == EDQUOT || os_code == EFBIG) self.os_failure_ = os_code;
    } catch (...) { // no memory for the text: failed_ is set, and GDAL's C code must not see an exception
    }

    bool failed_ = false;
    int os_failure_ = 0;
    std::string failure_;
    std::string warning_;
};

/// For programs: from now on GDAL prints nothing at all, on any thread. gdal_errors catches what the calling thread
/// reports; GDAL's own threads report to the handler of the process, which by default prints to stderr.
inline void silence_gdal()
{
    CPLSetErrorHandler(CPLQuietErrorHandler);
}

} // namespace rios
