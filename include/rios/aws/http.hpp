// SPDX-License-Identifier: BSL-1.0
//
// One HTTP request and its answer, signed for AWS where that is wanted. The only header that sees libcurl.
#pragma once

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <curl/curl.h>

#include "../environment.hpp"
#include "../error.hpp"
#include "../version.hpp"
#include "credentials.hpp"

namespace rios::aws::detail {

/// Signature Version 4.
struct request_signature {
    credentials who;
    std::string region;
    std::string service;
};

struct http_request {
    std::string method = "GET";                                 ///< or POST or PUT, which send the body
    std::string url{};                                          ///< https, where it names no scheme
    std::vector<std::pair<std::string, std::string>> headers{}; ///< none with an empty value
    std::string body{};
    std::optional<request_signature> signature{};
    std::chrono::duration<double> connecting{10};   ///< seconds until it is connected
    std::chrono::duration<double> limit{30};        ///< seconds until all of the answer is there
    std::size_t most_bytes = std::size_t{64} << 20; ///< of the answer
    bool past_proxies = false;                      ///< for addresses that only this machine reaches
};

struct http_answer {
    long status = 0;
    std::map<std::string, std::string> headers{}; ///< names in small letters
    std::string body{};

    [[nodiscard]] bool is_good() const noexcept { return status >= 200 && status < 300; }
};

/// There is no answer, or not all of it.
class http_failure : public remote_error {
  public:
    http_failure(std::string const& text, bool is_transient) : remote_error(text), is_transient_(is_transient) {}

    /// The connection failed, and nothing was answered: another attempt may succeed.
    [[nodiscard]] bool is_transient() const noexcept { return is_transient_; }

  private:
    bool is_transient_;
};

/// A part of a URL as libcurl understands it; empty if there is none, or the URL is none.
[[nodiscard]] inline std::string part_of_url(std::string const& url, CURLUPart part)
{
    std::unique_ptr<CURLU, decltype(&::curl_url_cleanup)> const parsed(::curl_url(), &::curl_url_cleanup);
    char* text = nullptr;
    if (parsed == nullptr ||
        ::curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_GUESS_SCHEME) != CURLUE_OK ||
        ::curl_url_get(parsed.get(), part, &text, 0) != CURLUE_OK) {
        return {};
    }
    std::unique_ptr<char, decltype(&::curl_free)> const owned(text, &::curl_free);
    return text;
}

/// "HOST" or "HOST:PORT" of a URL, for messages: what stands behind it may be secret.
[[nodiscard]] inline std::string host_of(std::string const& url)
{
    auto const host = part_of_url(url, CURLUPART_HOST);
    auto const port = part_of_url(url, CURLUPART_PORT);
    return host.empty() ? "a host that the URL does not name" : port.empty() ? host : host + ':' + port;
}

/// Sends requests, over connections that are kept for the next.
///
/// Thread rule: one thread at a time.
class http_session {
  public:
    http_session()
    {
        static auto const ready = ::curl_global_init(CURL_GLOBAL_DEFAULT); // once, and safe among threads
        if (ready == CURLE_OK) handle_.reset(::curl_easy_init());
        if (!handle_) throw remote_error("libcurl cannot be used");
    }

    /// The answer, whatever its status; redirections are not followed.
    /// @throws http_failure naming the host and the reason @throws options_error if a header cannot be sent
    [[nodiscard]] http_answer send(http_request const& request)
    {
        ::curl_easy_reset(handle_.get()); // keeps connections
        receipt received{.most_bytes = request.most_bytes};
        std::array<char, CURL_ERROR_SIZE> reason{};
        set(CURLOPT_ERRORBUFFER, reason.data());
        set(CURLOPT_URL, request.url.c_str());
        set(CURLOPT_DEFAULT_PROTOCOL, "https");
        set(CURLOPT_PROTOCOLS_STR, "http,https");
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_USERAGENT, ("rios/" + std::string(version)).c_str());
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_NOPROGRESS, 1L);
        set(CURLOPT_NOSIGNAL, 1L);
        set(CURLOPT_CONNECTTIMEOUT_MS, milliseconds(std::min(request.connecting, request.limit)));
        set(CURLOPT_TIMEOUT_MS, milliseconds(request.limit));
        if (request.past_proxies) set(CURLOPT_NOPROXY, "*");
        if (auto const authorities = environment_text("AWS_CA_BUNDLE")) set(CURLOPT_CAINFO, authorities->c_str());
        if (request.method == "GET") {
            set(CURLOPT_HTTPGET, 1L);
        } else { // the one way in which libcurl sees the body when it signs
            set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
            set(CURLOPT_POSTFIELDS, request.body.c_str());
            set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
        }
        header_lines lines;
        for (auto const& [name, value] : request.headers) add(lines, name, value);
        if (auto const& signature = request.signature) {
            auto const& who = signature->who;
            if (!who.session_token.empty()) add(lines, "X-Amz-Security-Token", who.session_token);
            set(CURLOPT_AWS_SIGV4, ("aws:amz:" + signature->region + ':' + signature->service).c_str());
            set(CURLOPT_USERNAME, who.access_key.c_str());
            set(CURLOPT_PASSWORD, who.secret_key.c_str());
        }
        set(CURLOPT_HTTPHEADER, lines.get());
        set(CURLOPT_HEADERFUNCTION, &http_session::take_header);
        set(CURLOPT_HEADERDATA, &received);
        set(CURLOPT_WRITEFUNCTION, &http_session::take_body);
        set(CURLOPT_WRITEDATA, &received);

        auto const result = ::curl_easy_perform(handle_.get());
        if (received.failure) std::rethrow_exception(received.failure);
        if (received.is_too_long) {
            throw http_failure(host_of(request.url) + " answers with more than " + std::to_string(request.most_bytes) +
                                   " bytes",
                               false);
        }
        if (result != CURLE_OK) {
            throw http_failure((received.bytes == 0 ? "no answer from " : "no whole answer from ") +
                                   host_of(request.url) + ": " +
                                   (reason[0] != '\0' ? reason.data() : ::curl_easy_strerror(result)),
                               received.bytes == 0 && is_transient(result));
        }
        ::curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &received.answer.status);
        return std::move(received.answer);
    }

  private:
    struct cleanup {
        void operator()(CURL* handle) const noexcept { ::curl_easy_cleanup(handle); }
        void operator()(curl_slist* list) const noexcept { ::curl_slist_free_all(list); }
    };
    using header_lines = std::unique_ptr<curl_slist, cleanup>;

    /// What arrives, as libcurl hands it over. No exception may pass through libcurl.
    struct receipt {
        http_answer answer{};
        std::size_t most_bytes = 0;
        std::size_t bytes = 0; ///< of headers and body
        bool is_too_long = false;
        std::exception_ptr failure{};

        template <typename F>
        std::size_t take(std::size_t count, F keep) noexcept
        {
            bytes += count;
            is_too_long = bytes > most_bytes;
            if (is_too_long) return 0;
            try {
                keep();
            } catch (...) {
                failure = std::current_exception();
                return 0;
            }
            return count;
        }
    };

    static std::size_t take_body(char* data, std::size_t, std::size_t count, void* to)
    {
        auto& received = *static_cast<receipt*>(to);
        return received.take(count, [&] { received.answer.body.append(data, count); });
    }

    static std::size_t take_header(char* data, std::size_t, std::size_t count, void* to)
    {
        auto& received = *static_cast<receipt*>(to);
        return received.take(count, [&] {
            std::string_view const line(data, count);
            auto const colon = line.find(':');
            if (line.starts_with("HTTP/")) received.answer.headers.clear(); // of a provisional answer, or a proxy's
            if (colon == std::string_view::npos || line.starts_with("HTTP/")) return;
            std::string name(line.substr(0, colon));
            for (auto& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
            auto const first = line.find_first_not_of(" \t\r\n", colon + 1);
            auto const last = line.find_last_not_of(" \t\r\n");
            received.answer.headers[name] =
                first == std::string_view::npos ? "" : std::string(line.substr(first, last - first + 1));
        });
    }

    [[nodiscard]] static long milliseconds(std::chrono::duration<double> time)
    {
        return std::max(1L, static_cast<long>(std::min(time.count(), 86400.0) * 1000)); // 0 would be no limit
    }

    [[nodiscard]] static bool is_transient(CURLcode code)
    {
        constexpr std::array transient{
            CURLE_COULDNT_RESOLVE_PROXY, CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_CONNECT, CURLE_OPERATION_TIMEDOUT,
            CURLE_SSL_CONNECT_ERROR,     CURLE_GOT_NOTHING,          CURLE_SEND_ERROR,      CURLE_RECV_ERROR};
        return std::find(transient.begin(), transient.end(), code) != transient.end();
    }

    template <typename T>
    void set(CURLoption option, T value)
    {
        auto const result = ::curl_easy_setopt(handle_.get(), option, value);
        if (result != CURLE_OK) {
            throw remote_error("libcurl does not take an option that AWS needs: " +
                               std::string(::curl_easy_strerror(result)));
        }
    }

    static void add(header_lines& lines, std::string const& name, std::string const& value)
    {
        bool const good =
            std::all_of(value.begin(), value.end(), [](unsigned char c) { return c >= ' ' && c != 0x7f; });
        if (!good) throw options_error("HTTP header " + name + ": its value holds a control character");
        auto* const longer = ::curl_slist_append(lines.get(), (name + ": " + value).c_str());
        if (longer == nullptr) throw std::bad_alloc();
        static_cast<void>(lines.release());
        lines.reset(longer);
    }

    std::unique_ptr<CURL, cleanup> handle_;
};

} // namespace rios::aws::detail
