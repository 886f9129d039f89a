// SPDX-License-Identifier: BSL-1.0
#include <rios/net/connection.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <sys/socket.h>

#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <doctest/doctest.h>

#include <rios/net/channel_key.hpp>
#include <rios/net/listener.hpp>

#include "support/channel_ends.hpp"
#include "support/process.hpp"
#include "support/sanitizers.hpp"
#include "support/tcp_relay.hpp"

namespace {

using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;
using rios::net::channel_key;
using rios::net::channel_role;
using rios::net::connection_limits;
using test::channel_end;
using test::channel_log;
using test::channel_server;
using test::text_frame;

std::string const closed_by_other = "the connection was closed by the other end";

/// Both work together.
void check_talk(channel_server::end& here, channel_end& there, std::size_t before = 0)
{
    here.channel->send(text_frame(7, "from here"));
    there.send(text_frame(8, "from there"));
    auto const arrived = there.log().messages(before + 1);
    REQUIRE(arrived.size() == before + 1);
    CHECK(arrived.back() == channel_log::message{7, "from here"});
    auto const returned = here.log.messages(before + 1);
    REQUIRE(returned.size() == before + 1);
    CHECK(returned.back() == channel_log::message{8, "from there"});
}

/// Whoever has the key gets in, now.
void check_lets_in(channel_server& server, channel_key const& key)
{
    auto const index = server.size();
    auto const begun = clock_type::now();
    channel_end worker(server.port(), key);
    CHECK(worker.log().becomes_ready());
    check_talk(server[index], worker);
    CHECK(clock_type::now() - begun < 3s);
}

/// Resident memory of this process in MB.
std::size_t resident()
{
    std::size_t total = 0;
    std::size_t pages = 0;
    std::ifstream("/proc/self/statm") >> total >> pages;
    return pages * 4096 / 1000000;
}

/// A pair of connected sockets.
std::array<int, 2> socket_pair()
{
    auto const [listening, port] = test::detail::listen_on_loopback();
    auto const one = ::dup(test::detail::connect_to(port).get());
    return {one, ::accept4(listening.get(), nullptr, nullptr, SOCK_CLOEXEC)};
}

std::ptrdiff_t occurrences(std::string const& text, std::string const& word)
{
    std::ptrdiff_t result = 0;
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) ++result;
    return result;
}

/// The plain bytes of a frame's header, whatever the size says.
std::string header_bytes(std::uint16_t type, std::uint64_t size)
{
    std::string result(rios::net::frame_header::size, '\0');
    auto* const to = reinterpret_cast<std::byte*>(result.data());
    rios::net::detail::store(to, rios::net::frame_header::magic);
    rios::net::detail::store(to + 4, type);
    rios::net::detail::store(to + 8, size);
    return result;
}

rios::net::frame_bytes raw_frame(std::string const& bytes)
{
    rios::net::frame_bytes result;
    for (char const c : bytes) result.push_back(static_cast<std::byte>(c));
    return result;
}

/// The server of somebody who does not have the key, but a certificate.
class impostor {
  public:
    explicit impostor(int socket)
        : context_(SSL_CTX_new(TLS_server_method()), &SSL_CTX_free), thread_([this, socket] { serve(socket); })
    {
    }
    impostor(impostor const&) = delete;
    impostor& operator=(impostor const&) = delete;
    ~impostor() { thread_.join(); }

  private:
    void serve(int socket)
    {
        std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> const key(EVP_EC_gen("P-256"), &EVP_PKEY_free);
        std::unique_ptr<X509, decltype(&X509_free)> const certificate(X509_new(), &X509_free);
        X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -1000);
        X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 100000);
        X509_set_pubkey(certificate.get(), key.get());
        X509_sign(certificate.get(), key.get(), EVP_sha256());
        SSL_CTX_use_certificate(context_.get(), certificate.get());
        SSL_CTX_use_PrivateKey(context_.get(), key.get());
        std::unique_ptr<SSL, decltype(&SSL_free)> const ssl(SSL_new(context_.get()), &SSL_free);
        SSL_set_fd(ssl.get(), socket);
        if (SSL_accept(ssl.get()) == 1) {
            std::array<char, 1000> buffer{};
            while (SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size())) > 0) {}
        }
        ::close(socket);
    }

    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
    std::thread thread_;
};

} // namespace

TEST_CASE("two that have one key exchange messages of any size in order, and end as they say")
{
    auto const key = channel_key::make();
    channel_server server(key);
    channel_end client(server.port(), key);
    REQUIRE(client.log().becomes_ready());
    auto& here = server[0];
    CHECK(here.channel->peer() == "127.0.0.1");
    std::string large(5000000, '\0');
    for (std::size_t i = 0; i < large.size(); ++i) large[i] = static_cast<char>(i * i >> 8U);
    std::vector<channel_log::message> const sent{
        {1, ""}, {2, "a"}, {65535, large}, {3, ""}, {4, std::string("\0\1", 2)}};
    for (auto const& each : sent) {
        client.send(text_frame(each.type, each.text));
        here.channel->send(text_frame(each.type, each.text));
    }
    CHECK((here.log.messages(sent.size()) == sent)); // without megabytes in a message
    CHECK((client.log().messages(sent.size()) == sent));
    client.send(text_frame(9, large));
    client.channel().finish();
    client.send(text_frame(10, "too late"));
    CHECK(client.log().end() == "");
    CHECK(here.log.end() == closed_by_other);
    auto const all = here.log.messages(sent.size() + 1);
    REQUIRE(all.size() == sent.size() + 1);
    CHECK((all.back() == channel_log::message{9, large})); // what was sent before the end has arrived
}

TEST_CASE("the last message arrives although much comes from the other end when this one finishes")
{
    auto const key = channel_key::make();
    std::string const large(300'000, 'x');
    for (bool const is_told_twice : {false, true}) {
        for (int i = 0; i < 20; ++i) {
            channel_server server(key);
            channel_end client(server.port(), key);
            for (int each = 0; each < 20; ++each) client.send(text_frame(1, large));
            auto& here = server[0];
            CHECK_FALSE(here.log.messages(1).empty());
            here.channel->send(text_frame(2, "you are not welcome"));
            here.channel->finish();
            if (is_told_twice) here.channel->abort("the run has ended");
            auto const reason = client.log().end();
            auto const arrived = client.log().messages(1);
            REQUIRE(arrived.size() == 1);
            CHECK(arrived[0].text == "you are not welcome");
            CHECK(reason == closed_by_other);
            CHECK(here.log.end() == "");
        }
    }
}

TEST_CASE("an end that finishes does not wait long for one that never closes its side")
{
    auto const key = channel_key::make();
    channel_server server(key);
    channel_end client(server.port(), key, {}, [](auto const&) { std::this_thread::sleep_for(5s); });
    auto const begun = clock_type::now();
    server[0].channel->send(text_frame(1, "so long"));
    server[0].channel->finish();
    CHECK(client.log().messages(1).size() == 1);
    CHECK(server[0].log.end() == "");
    auto const took = clock_type::now() - begun;
    CHECK(took > 1s);
    CHECK(took < 4s);
}

TEST_CASE("messages that are sent before the handshake is over arrive after it")
{
    auto const key = channel_key::make();
    auto const sockets = socket_pair();
    channel_end client(sockets[0], key, channel_role::client);
    client.send(text_frame(5, "early"));
    channel_end server(sockets[1], key, channel_role::server);
    auto const arrived = server.log().messages(1);
    REQUIRE(arrived.size() == 1);
    CHECK(arrived[0] == channel_log::message{5, "early"});
}

TEST_CASE("a wrong key does not get in, and both ends learn of it")
{
    auto const sockets = socket_pair();
    channel_end client(sockets[0], channel_key::make(), channel_role::client);
    channel_end server(sockets[1], channel_key::make(), channel_role::server);
    CHECK_FALSE(client.log().becomes_ready());
    CHECK_FALSE(server.log().becomes_ready());
    auto const at_client = client.log().end();
    auto const at_server = server.log().end();
    CAPTURE(at_client);
    CAPTURE(at_server);
    CHECK(at_client.find("no handshake: ") == 0);
    CHECK(at_client.find("alert") != std::string::npos); // the other end has said why
    CHECK(at_server.find("no handshake: ") == 0);
    CHECK(at_server.find("binder") != std::string::npos);
}

TEST_CASE("a server without the key does not get a client, whatever certificate it shows")
{
    auto const sockets = socket_pair();
    {
        impostor const server(sockets[1]);
        channel_end client(sockets[0], channel_key::make(), channel_role::client);
        client.send(text_frame(1, "a secret"));
        CHECK_FALSE(client.log().becomes_ready());
        auto const reason = client.log().end();
        CAPTURE(reason);
        CHECK(reason.find("no handshake: ") == 0);
    }
}

TEST_CASE("a client that shows no key gets nowhere")
{
    auto const sockets = socket_pair();
    channel_end server(sockets[1], channel_key::make(), channel_role::server);
    std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> const context(SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    std::unique_ptr<SSL, decltype(&SSL_free)> const ssl(SSL_new(context.get()), &SSL_free);
    SSL_set_fd(ssl.get(), sockets[0]);
    CHECK(SSL_connect(ssl.get()) != 1);
    CHECK(server.log().end().find("no handshake: ") == 0);
    ::close(sockets[0]);
}

TEST_CASE("strangers that send garbage, plain messages or large numbers are dropped, and workers get in")
{
    auto const key = channel_key::make();
    channel_server server(key);
    std::string garbage(100000, '\0');
    for (std::size_t i = 0; i < garbage.size(); ++i) garbage[i] = static_cast<char>(i * 7919 >> 3U);
    std::vector<std::string> const sent{garbage,
                                        "GET / HTTP/1.1\r\n\r\n",
                                        header_bytes(1, 10) + "0123456789",
                                        header_bytes(1, std::uint64_t{1} << 32) + garbage,
                                        std::string(100, '\xff'),
                                        std::string("\x16\x03\x01\xff\xff", 5) + garbage, // a record of TLS, too long
                                        std::string("\x16\x03\x01\x40\x00\x01\xff\xff\xff", 9) + garbage};
    auto const before = resident();
    for (auto const& each : sent) {
        test::stranger const who(server.port());
        who.send(each);
        CHECK(who.is_dropped_within(3s));
    }
    CHECK((test::sanitized || resident() < before + 20));
    CHECK(server.size() == 0);
    check_lets_in(server, key);
}

TEST_CASE("a stranger that stays silent, or in the middle of a handshake, is dropped when its time is over")
{
    auto const key = channel_key::make();
    channel_server server(key, {.loopback_only = true, .limits = {.handshake = 500ms}});
    test::stranger const silent(server.port());
    test::stranger const slow(server.port());
    slow.send(std::string_view("\x16\x03\x01\x01\x00\x01\x00", 7));
    CHECK_FALSE(silent.is_dropped_within(200ms));
    check_lets_in(server, key);
    CHECK(silent.is_dropped_within(5s));
    CHECK(slow.is_dropped_within(5s));
    // And a client that nobody answers.
    auto const sockets = socket_pair();
    channel_end client(sockets[0], key, channel_role::client, {.handshake = 500ms});
    CHECK(client.log().end() == "no handshake in time");
    ::close(sockets[1]);
}

TEST_CASE("one with the key that sends what is no message, or too large a one, is dropped with a reason")
{
    auto const key = channel_key::make();
    channel_server server(key, {.loopback_only = true, .limits = {.largest_body = 1000}});
    auto const fate = [&](std::string const& bytes) {
        auto const index = server.size();
        channel_end worker(server.port(), key);
        worker.send(text_frame(1, std::string(1000, 'x')));
        worker.send(raw_frame(bytes));
        auto& here = server[index];
        auto const reason = here.log.end();
        CHECK(here.log.messages(1).size() == 1);
        CHECK(worker.log().end() == closed_by_other);
        return reason;
    };
    CHECK(fate(header_bytes(1, 1001)) == "a message of 1001 bytes was announced; allowed are 1000");
    CHECK(fate(header_bytes(1, std::uint64_t{1} << 63)) ==
          "a message of 9223372036854775808 bytes was announced; allowed are 1000");
    CHECK(fate(std::string(16, 'x')) == "what came over the channel is not a message of rios");
    check_lets_in(server, key);
}

TEST_CASE("a large message that is only announced takes no memory, and its end is noticed")
{
    auto const key = channel_key::make();
    channel_server server(key);
    channel_end worker(server.port(), key);
    auto& here = server[0];
    auto const before = resident();
    worker.send(raw_frame(header_bytes(1, std::uint64_t{1} << 35) + "some of it"));
    std::this_thread::sleep_for(200ms);
    CHECK(here.log.is_open());
    CHECK((test::sanitized || resident() < before + 40));
    worker.channel().abort("gone");
    CHECK(here.log.end() == closed_by_other);
    CHECK(here.log.messages(0).empty());
}

TEST_CASE("an exception in what is done with a message ends the channel with its text")
{
    auto const key = channel_key::make();
    channel_server server(key);
    channel_end worker(server.port(), key, {}, [](auto const&) { throw std::runtime_error("does not understand"); });
    server[0].channel->send(text_frame(1, "?"));
    CHECK(worker.log().end() == "does not understand");
    CHECK(server[0].log.end() == closed_by_other);
}

TEST_CASE("neither the key nor what is sent can be read on the wire")
{
    auto const key = channel_key::make();
    channel_server server(key);
    test::tcp_relay const relay(server.port());
    channel_end client(relay.port(), key);
    std::string text;
    for (int i = 0; i < 2000; ++i) text += "what nobody else should read ";
    client.send(text_frame(1, text));
    server[0].channel->send(text_frame(2, text));
    CHECK(server[0].log.messages(1).size() == 1);
    CHECK(client.log().messages(1).size() == 1);
    auto const seen = relay.seen();
    CHECK(seen.size() > 2 * text.size());
    CHECK(seen.find("nobody") == std::string::npos);
    CHECK(seen.find("RIOS") == std::string::npos); // the beginning of each header
    auto const& bytes = key.bytes();
    for (std::size_t part = 0; part < channel_key::size; part += 8) {
        std::string const raw(bytes.begin() + static_cast<std::ptrdiff_t>(part),
                              bytes.begin() + static_cast<std::ptrdiff_t>(part) + 8);
        CHECK(seen.find(raw) == std::string::npos);
        CHECK(seen.find(key.text().substr(2 * part, 16)) == std::string::npos);
    }
    // The same messages again are other bytes: there is a new secret for each connection.
    channel_end again(relay.port(), key);
    again.send(text_frame(1, text));
    CHECK(server[1].log.messages(1).size() == 1);
    auto const later = relay.seen();
    CHECK(later.find(seen.substr(seen.size() / 2, 64), seen.size()) == std::string::npos);
}

TEST_CASE("a program that is started while channels are open inherits none of them")
{
    auto const files_of_child = [] { return test::run({"/bin/ls", "-l", "/proc/self/fd"}).out; };
    auto const sockets_before = occurrences(files_of_child(), "socket:");
    auto const key = channel_key::make();
    channel_server server(key);
    channel_end client(server.port(), key);
    check_talk(server[0], client);
    CHECK(occurrences(files_of_child(), "socket:") == sockets_before);
}

TEST_CASE("one bit that changes on its way ends the channel with an error, never with wrong data")
{
    auto const key = channel_key::make();
    for (bool const from_there : {false, true}) {
        channel_server server(key);
        test::tcp_relay relay(server.port());
        channel_end client(relay.port(), key);
        auto& here = server[0];
        check_talk(here, client);
        relay.flip_a_bit(from_there);
        std::string const text(3000, 'x');
        if (from_there) here.channel->send(text_frame(1, text));
        else client.send(text_frame(1, text));
        auto& receiver = from_there ? client.log() : here.log;
        auto& sender = from_there ? here.log : client.log();
        auto const reason = receiver.end();
        CAPTURE(reason);
        CHECK(reason.find("bad record mac") != std::string::npos);
        CHECK(receiver.messages(1).size() == 1);
        CHECK_FALSE(sender.end().empty());
    }
}

TEST_CASE("a bit that changes in the handshake ends it")
{
    auto const key = channel_key::make();
    for (bool const from_there : {false, true}) {
        channel_server server(key);
        test::tcp_relay relay(server.port());
        relay.flip_a_bit(from_there);
        channel_end client(relay.port(), key);
        CHECK(client.log().end() != "(it does not end)");
        CHECK((server.size() == 0 || server[0].log.end() != "(it does not end)"));
        CHECK((server.size() == 0 || server[0].log.messages(0).empty()));
    }
}

TEST_CASE("a connection that is cut in the middle of a message ends, and nothing of the message arrives")
{
    auto const key = channel_key::make();
    channel_server server(key);
    test::tcp_relay relay(server.port());
    channel_end client(relay.port(), key);
    auto& here = server[0];
    check_talk(here, client);
    relay.cut_after(100000);
    client.send(text_frame(1, std::string(200000, 'x')));
    CHECK(here.log.end() == closed_by_other);
    CHECK(here.log.messages(1).size() == 1);
    CHECK_FALSE(client.log().end().empty());
    check_lets_in(server, key);
}

TEST_CASE("both ends notice when nothing comes any more, but not while the other one is only busy with nothing")
{
    auto const key = channel_key::make();
    connection_limits const limits{.silence = 2s};
    channel_server server(key, {.loopback_only = true, .limits = limits});
    test::tcp_relay relay(server.port());
    channel_end client(relay.port(), key, limits);
    auto& here = server[0];
    check_talk(here, client);
    std::this_thread::sleep_for(3500ms); // nobody says anything, but both live
    check_talk(here, client, 1);
    auto const begun = clock_type::now();
    relay.stop();
    CHECK(here.log.end() == "nothing was heard of it for 2 seconds");
    CHECK(client.log().end() == "nothing was heard of it for 2 seconds");
    CHECK(clock_type::now() - begun < 6s);
}
