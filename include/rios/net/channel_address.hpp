// SPDX-License-Identifier: BSL-1.0
//
// Where a run's main process listens, and the key to it: what a worker must know to join. It travels in a file that only the
// user can read, or in the environment of a job; never on a command line, which every user of a machine can see.
#pragma once

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../error.hpp"
#include "channel_key.hpp"

namespace rios::net {

/// May it stand among the hosts of an address? Names by their letters, and IPv6 addresses; no ports.
[[nodiscard]] inline bool is_host(std::string const& text)
{
    constexpr std::size_t longest_name = 253;
    constexpr std::string_view of_names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
    if (text.empty() || text.size() > longest_name) return false;
    if (text.find_first_not_of(of_names) == std::string::npos) return true;
    in6_addr ignored{};
    auto const scope = text.find('%'); // "fe80::1%eth0"
    auto const name = scope == std::string::npos ? std::string("x") : text.substr(scope + 1);
    return ::inet_pton(AF_INET6, text.substr(0, scope).c_str(), &ignored) == 1 && !name.empty() &&
           name.find_first_not_of(of_names) == std::string::npos;
}

/// The way to a main process.
struct channel_address {
    std::vector<std::string> hosts; ///< names or addresses of the one host, to be tried one after the other
    std::uint16_t port = 0;
    channel_key key;

    /// One line without blanks, which commands of batch systems may stumble over: "rios-channel-1/PORT/KEY/HOST/HOST..."
    [[nodiscard]] std::string text() const
    {
        auto line = std::string(begin) + '/' + std::to_string(port) + '/' + key.text();
        for (auto const& host : hosts) line += '/' + host;
        return line;
    }

    /// The address of a text() of before; none if it is not one.
    [[nodiscard]] static std::optional<channel_address> from_text(std::string_view text)
    {
        if (text.size() > longest) return std::nullopt;
        std::vector<std::string_view> words;
        while (!text.empty()) {
            auto const end = text.find_first_of(between);
            if (end != 0) words.push_back(text.substr(0, end));
            text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        }
        if (words.size() < 4 || words[0] != begin) return std::nullopt;
        std::uint16_t port = 0;
        auto const* const port_end = words[1].data() + words[1].size();
        auto const parsed = std::from_chars(words[1].data(), port_end, port);
        auto const key = channel_key::from_text(words[2]);
        if (parsed.ec != std::errc() || parsed.ptr != port_end || port == 0 || !key) return std::nullopt;
        return channel_address{.hosts = {words.begin() + 3, words.end()}, .port = port, .key = *key};
    }

    static constexpr std::size_t longest = 16384; ///< bytes of a text

  private:
    static constexpr std::string_view begin = "rios-channel-1";
    static constexpr std::string_view between = "/ \t\r\n";
};

/// A file with an address, of mode 0600, as long as the object lives.
class address_file {
  public:
    /// @param path must not exist
    /// @throws io_error
    address_file(std::string path, channel_address const& address) : path_(std::move(path))
    {
        auto const file =
            ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, S_IRUSR | S_IWUSR);
        if (file < 0) fail("cannot be created");
        auto const text = address.text() + '\n';
        auto const written = ::write(file, text.data(), text.size());
        auto const failed = written != static_cast<ssize_t>(text.size()) ? (written < 0 ? errno : ENOSPC) : 0;
        if (::close(file) == 0 && failed == 0) return;
        if (failed != 0) errno = failed;
        auto const reason = errno;
        ::unlink(path_.c_str());
        errno = reason;
        fail("cannot be written");
    }
    address_file(address_file const&) = delete;
    address_file& operator=(address_file const&) = delete;
    ~address_file() { ::unlink(path_.c_str()); }

    [[nodiscard]] std::string const& path() const noexcept { return path_; }

  private:
    [[noreturn]] void fail(char const* what) const
    {
        throw io_error(path_, std::string(what) + ": " + std::generic_category().message(errno));
    }

    std::string path_;
};

/// The address in a file. Whoever can put a file in its place could have this process work for him, so it must be a file of this
/// user, or of the system's.
/// @throws io_error if it cannot be read, is not one, is somebody else's, or others than its owner may read it
[[nodiscard]] inline channel_address read_address_file(std::string const& path)
{
    auto const file =
        ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK); // a pipe would be waited for
    auto const fail = [&](std::string const& reason) { throw io_error(path, "address of a run: " + reason); };
    if (file < 0 && errno == ELOOP) fail("is a symbolic link, and must be the file itself");
    if (file < 0) fail("cannot be opened: " + std::generic_category().message(errno));
    struct stat about {};
    std::string text(channel_address::longest + 1, '\0');
    auto const known = ::fstat(file, &about) == 0;
    auto const size = ::read(file, text.data(), text.size());
    auto const reason = errno;
    ::close(file);
    if (known && !S_ISREG(about.st_mode)) fail("is no regular file");
    if (!known || size < 0) fail("cannot be read: " + std::generic_category().message(reason));
    if (about.st_uid != 0 && about.st_uid != ::geteuid()) {
        fail("belongs to user " + std::to_string(about.st_uid) + "; allowed are 0 and this process's, " +
             std::to_string(::geteuid()));
    }
    if ((about.st_mode & (S_IRWXG | S_IRWXO)) != 0) fail("others than its owner may read it, so its key is no secret");
    text.resize(static_cast<std::size_t>(size));
    auto address = channel_address::from_text(text);
    if (!address) fail("is not such a file, or damaged");
    return *std::move(address);
}

} // namespace rios::net
