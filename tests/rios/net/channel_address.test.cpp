// SPDX-License-Identifier: BSL-1.0
#include <rios/net/channel_address.hpp>

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"
#include "support/process.hpp"
#include "support/temporary_directory.hpp"

namespace {

namespace fs = std::filesystem;
using rios::net::address_file;
using rios::net::channel_address;
using rios::net::channel_key;
using rios::net::read_address_file;

channel_address example()
{
    return {.hosts = {"10.1.2.3", "node-7.cluster", "fd00::1"}, .port = 40123, .key = channel_key::make()};
}

void check_same(std::optional<channel_address> const& found, channel_address const& expected)
{
    REQUIRE(found);
    CHECK(found->hosts == expected.hosts);
    CHECK(found->port == expected.port);
    CHECK(found->key == expected.key);
}

std::string refusal(std::string const& path)
{
    return test::message_of<rios::io_error>([&] { static_cast<void>(read_address_file(path)); });
}

void put(std::string const& path, std::string const& text, fs::perms mode = fs::perms::owner_read)
{
    std::ofstream(path) << text;
    fs::permissions(path, mode);
}

} // namespace

TEST_CASE("an address comes back from its text, also with blanks in between")
{
    auto const address = example();
    auto const text = address.text();
    CHECK(text == "rios-channel-1/40123/" + address.key.text() + "/10.1.2.3/node-7.cluster/fd00::1");
    check_same(channel_address::from_text(text), address);
    check_same(channel_address::from_text(" \t" + text + "\r\n"), address);
    auto spread = text;
    for (std::size_t at = 0; (at = spread.find('/', at)) != std::string::npos; at += 3) spread.replace(at, 1, " \t ");
    check_same(channel_address::from_text(spread), address);
}

TEST_CASE("a text that is damaged in whatever way is no address")
{
    auto const key = channel_key::make().text();
    std::string const begin = "rios-channel-1 ";
    CHECK(channel_address::from_text(begin + "1 " + key + " h"));
    CHECK(channel_address::from_text(begin + "65535 " + key + " h"));
    for (auto const& damaged : std::vector<std::string>{
             "",
             " \n",
             "rios-channel-1",
             begin + "40123",
             begin + "40123 " + key,   // no host
             "40123 " + key + " host", // no beginning
             "rios-channel-2 1 " + key + " host",
             "rios-channel-12 1 " + key + " host",
             "Rios-channel-1 1 " + key + " host",
             begin + "0 " + key + " host",
             begin + "65536 " + key + " host",
             begin + "99999999999999999999 " + key + " host",
             begin + "-1 " + key + " host",
             begin + "+1 " + key + " host",
             begin + "1x " + key + " host",
             begin + "0x10 " + key + " host",
             begin + "1.5 " + key + " host",
             begin + "port " + key + " host",
             begin + key + " 40123 host", // changed places
             begin + "40123 host " + key,
             begin + "40123 " + key.substr(1) + " host",
             begin + "40123 " + key + "0 host",
             begin + "40123 g" + key.substr(1) + " host",
             begin + "40123" + key + " host",
             std::string("\0", 1) + begin + "40123 " + key + " host",
         }) {
        CAPTURE(damaged);
        CHECK_FALSE(channel_address::from_text(damaged));
    }
    auto const good = begin + "40123 " + key + " host";
    for (std::size_t size = 0; size < good.size() - 4; ++size) {
        CHECK_FALSE(channel_address::from_text(good.substr(0, size)));
    }
    CHECK(channel_address::from_text(good + std::string(channel_address::longest - good.size(), ' ')));
    CHECK_FALSE(channel_address::from_text(good + std::string(channel_address::longest + 1 - good.size(), ' ')));
}

TEST_CASE("the file of an address is for its owner alone, whatever the umask, and gone at the end")
{
    test::temporary_directory const folder;
    auto const address = example();
    auto const path = folder / "address";
    for (auto const mask : {mode_t{0}, mode_t{022}, mode_t{077}}) {
        auto const before = ::umask(mask);
        std::optional<address_file> file;
        file.emplace(path, address);
        ::umask(before);
        CHECK(file->path() == path);
        struct stat about {};
        REQUIRE(::stat(path.c_str(), &about) == 0);
        CHECK((about.st_mode & 07777U) == 0600U);
        check_same(read_address_file(path), address);
        file.reset();
        CHECK(folder.names().empty());
    }
}

TEST_CASE("the file of an address is never made over, or through, what is there already")
{
    test::temporary_directory const folder;
    auto const refused = [&](std::string const& path) {
        return test::message_of<rios::io_error>([&] { address_file const file(path, example()); });
    };
    auto const there = folder / "there";
    put(there, "mine");
    CHECK(refused(there) == there + ": cannot be created: File exists");
    std::string text;
    std::getline(std::ifstream(there), text);
    CHECK(text == "mine");
    auto const link = folder / "link";
    fs::create_symlink(folder / "elsewhere", link);
    CHECK(refused(link) == link + ": cannot be created: File exists");
    CHECK(folder.names() == std::set<std::string>{"there", "link"});
    auto const nowhere = folder / "none/address";
    CHECK(refused(nowhere) == nowhere + ": cannot be created: No such file or directory");
}

TEST_CASE("a file of an address that cannot be written is not left behind")
{
    test::temporary_directory const folder;
    auto const path = folder / "address";
    // A limit on the size of files stands for a full disk.
    auto const text = test::message_of<rios::io_error>([&] {
        auto large = example();
        large.hosts.assign(3000, "host");
        test::detail::inherited_limit const limit(RLIMIT_FSIZE, 1000);
        test::detail::ignored_file_size_signal const ignored;
        address_file const file(path, large);
    });
    CHECK(text.find(path + ": cannot be written: ") == 0);
    CHECK(folder.names().empty());
}

TEST_CASE("a file that others may read, is damaged or no such file at all is refused by its name")
{
    test::temporary_directory const folder;
    auto const good = example().text() + '\n';
    using fs::perms;
    for (auto const extra : {perms::group_read, perms::others_read, perms::group_write, perms::others_exec}) {
        auto const path = folder / "open";
        put(path, good, perms::owner_read | perms::owner_write | extra);
        CHECK(refusal(path) == path + ": address of a run: others than its owner may read it, so its key is no secret");
        fs::remove(path);
    }
    auto const path = folder / "damaged";
    for (auto const& text : {std::string(), good.substr(0, 30), good + std::string(20000, 'x')}) {
        put(path, text);
        CHECK(refusal(path) == path + ": address of a run: is not such a file, or damaged");
        fs::remove(path);
    }
    CHECK(refusal(path) == path + ": address of a run: cannot be opened: No such file or directory");
}

TEST_CASE("what is no regular file is refused as the file of an address, and not waited for")
{
    test::temporary_directory const folder;
    auto const refused = [](std::string const& path, std::string const& why) {
        CHECK(refusal(path) == path + ": address of a run: " + why);
    };
    refused(folder.path().string(), "is no regular file");
    auto const pipe = folder / "pipe";
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    refused(pipe, "is no regular file");
    auto const good = folder / "good";
    put(good, example().text());
    CHECK(refusal(good) == "(nothing was thrown)");
    fs::create_symlink(good, folder / "link");
    refused(folder / "link", "is a symbolic link, and must be the file itself");
}

TEST_CASE("the file of an address that belongs to somebody else is refused")
{
    if (::geteuid() != 0) {
        std::puts("SKIPPED: files of other users can be made by root only");
        return;
    }
    test::temporary_directory const folder;
    auto const path = folder / "address";
    put(path, example().text());
    CHECK(refusal(path) == "(nothing was thrown)");
    REQUIRE(::chown(path.c_str(), 12345, 12345) == 0);
    CHECK(refusal(path) == path + ": address of a run: belongs to user 12345; allowed are 0 and this process's, 0");
}

TEST_CASE("hosts are names and addresses, without a port or anything else")
{
    using rios::net::is_host;
    for (auto const* good : {"a", "node-7.cluster", "my_host", "10.1.2.3", "fd00::1", "::", "::ffff:10.0.0.1",
                             "fe80::1%eth0", "fe80::1%2"}) {
        CAPTURE(good);
        CHECK(is_host(good));
    }
    for (auto const* wrong : {"", " ", "a b", "a\nb", "10.1.2.3:40000", "[fd00::1]", "fd00::1::2", "fe80::1%", "%eth0",
                              "a%b", "fe80::1%a b", "h\xc3\xb4te", "http://a", "a,b"}) {
        CAPTURE(wrong);
        CHECK_FALSE(is_host(wrong));
    }
    CHECK(is_host(std::string(253, 'a')));
    CHECK_FALSE(is_host(std::string(254, 'a')));
}
