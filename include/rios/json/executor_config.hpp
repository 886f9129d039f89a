// SPDX-License-Identifier: BSL-1.0
//
// The options of processes that do the work, as a JSON file (docs/remote.md):
//     {"directory": "/shared/tmp", "advertise": ["10.0.0.5"], "ports": [30000, 50000], "timeouts": {"joining": 3600}}
// and of a batch system (docs/cluster.md):
//     {"queue": "long", "options": ["--mem=8G"], "init_commands": ["module load gdal"]}
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "../launcher/batch_options.hpp"
#include "../remote/remote_options.hpp"
#include "../text_file.hpp"

namespace rios {

namespace detail {

/// Takes values out of a JSON object by name. Names that nobody asks for are errors.
class json_object {
  public:
    /// @throws options_error if it is no object
    json_object(nlohmann::json const& json, std::string where) : json_(json), where_(std::move(where))
    {
        if (!json.is_object()) throw options_error(where_ + " must be an object: {\"name\": value, ...}");
    }

    /// @throws options_error naming the value if it is of another type or out of range
    void take(char const* name, bool& to)
    {
        if (auto const* const value = find(name))
            to = value->is_boolean() ? value->get<bool>() : refuse(name, "true or false");
    }
    void take(char const* name, std::string& to)
    {
        if (auto const* const value = find(name)) {
            if (!value->is_string()) refuse(name, "a text");
            to = value->get<std::string>();
        }
    }
    template <std::unsigned_integral T>
    void take(char const* name, T& to, T least = 0, T most = std::numeric_limits<T>::max())
    {
        if (auto const* const value = find(name)) to = whole_number(name, *value, least, most);
    }
    void take(char const* name, std::chrono::duration<double>& to)
    {
        if (auto const* const value = find(name)) {
            if (!value->is_number() || !(value->get<double>() >= 0) || !std::isfinite(value->get<double>())) {
                refuse(name, "a number of seconds, or 0 for no limit");
            }
            to = std::chrono::duration<double>(value->get<double>());
        }
    }
    void take(char const* name, std::vector<std::string>& to)
    {
        if (auto const* const value = find(name)) {
            to.clear();
            if (!value->is_array()) refuse(name, "a list of texts");
            for (auto const& each : *value) {
                if (!each.is_string()) refuse(name, "a list of texts");
                to.push_back(each.get<std::string>());
            }
        }
    }
    void take(char const* name, net::port_range& to)
    {
        if (auto const* const value = find(name)) {
            if (!value->is_array() || value->size() != 2) refuse(name, "the first and the last port: [30000, 50000]");
            to.first = whole_number<std::uint16_t>(name, (*value)[0], 0, 65535);
            to.last = whole_number<std::uint16_t>(name, (*value)[1], 0, 65535);
        }
    }

    void take(char const* name, net::packing& to)
    {
        constexpr std::array<char const*, 3> words{"automatic", "never", "always"};
        if (auto const* const value = find(name)) {
            auto const found =
                std::find_if(words.begin(), words.end(), [&](auto const* each) { return *value == each; });
            if (found == words.end()) refuse(name, "\"automatic\", \"never\" or \"always\"");
            to = static_cast<net::packing>(found - words.begin());
        }
    }

    /// A value that somebody else takes apart; null if there is none.
    [[nodiscard]] nlohmann::json const* find(char const* name)
    {
        known_.emplace_back(name);
        auto const found = json_.find(name);
        return found == json_.end() ? nullptr : &*found;
    }

    /// @throws options_error if there is a name that was not asked for
    void require_nothing_else() const
    {
        for (auto const& [name, value] : json_.items()) {
            bool known = false;
            std::string all;
            for (auto const& each : known_) {
                known = known || each == name;
                all += (all.empty() ? "" : ", ") + each;
            }
            if (!known) throw options_error(where_ + ": \"" + name + "\" is not known; allowed: " + all);
        }
    }

  private:
    bool refuse(char const* name, std::string const& allowed) const
    {
        throw options_error(where_ + ": \"" + name + "\": " + json_.at(name).dump() + "; allowed: " + allowed);
    }

    template <std::unsigned_integral T>
    T whole_number(char const* name, nlohmann::json const& value, T least, T most) const
    {
        if (!value.is_number_unsigned() || value.get<std::uint64_t>() < least || value.get<std::uint64_t>() > most) {
            refuse(name, "whole numbers from " + std::to_string(least) +
                             (most == std::numeric_limits<T>::max() && sizeof(T) > 2 ? " up"
                                                                                     : " to " + std::to_string(most)));
        }
        return value.get<T>();
    }

    nlohmann::json const& json_;
    std::string where_;
    std::vector<std::string> known_;
};

} // namespace detail

namespace detail {

inline void take(json_object& object, remote_options& options)
{
    object.take("workers_read", options.workers_read);
    object.take("single_block_workers", options.single_block_workers);
    object.take("max_concurrent_reads", options.max_concurrent_reads);
    object.take("min_workers", options.min_workers);
    object.take("attempts", options.attempts, std::size_t{1});
    object.take("job_name", options.job_name);
    object.take("program", options.program);
    object.take("directory", options.directory);
    object.take("address_in_environment", options.address_in_environment);
    object.take("ports", options.ports);
    object.take("advertise", options.advertised);
    object.take("packing", options.packing);
    object.take("largest_message", options.largest_message, std::uint64_t{1});
    if (auto const* const limits = object.find("timeouts")) {
        json_object inner(*limits, "\"timeouts\"");
        inner.take("joining", options.timeouts.joining);
        inner.take("silence", options.timeouts.silence);
        inner.take("progress", options.timeouts.progress);
        inner.require_nothing_else();
    }
}

inline void take(json_object& object, batch_options& options)
{
    std::chrono::duration<double> interval = options.poll_interval;
    constexpr std::chrono::duration<double> day = std::chrono::hours(24);
    object.take("queue", options.queue);
    object.take("options", options.options);
    object.take("init_commands", options.init_commands);
    object.take("command_prefix", options.command_prefix);
    object.take("command_suffix", options.command_suffix);
    object.take("log_directory", options.log_directory);
    object.take("poll_interval", interval);
    object.take("command_patience", options.patience);
    options.poll_interval = std::chrono::duration_cast<std::chrono::milliseconds>(std::min(interval, 2 * day));
    check(options);
}

inline constexpr char const* configuration = "the configuration of an executor";

/// What a file holds, given to a function. @throws io_error naming the file and what is wrong with it
template <typename F>
void with_json_file(std::string const& path, F take_over)
{
    auto const json = nlohmann::json::parse(read_text_file(path), nullptr, false);
    if (json.is_discarded()) throw io_error(path, "not valid JSON");
    try {
        take_over(json);
    } catch (options_error const& wrong) {
        throw io_error(path, wrong.what());
    }
}

} // namespace detail

/// Takes over what a JSON value says of the options. @throws options_error naming the value and what is allowed
inline void take_remote_options(nlohmann::json const& json, remote_options& options)
{
    detail::json_object object(json, detail::configuration);
    detail::take(object, options);
    object.require_nothing_else();
}

/// As above, for jobs of a batch system.
inline void take_batch_options(nlohmann::json const& json, remote_options& options, batch_options& batch)
{
    detail::json_object object(json, detail::configuration);
    detail::take(object, options);
    detail::take(object, batch);
    object.require_nothing_else();
}

/// As take_remote_options(), from a file. @throws io_error naming the file and what is wrong with it
inline void load_remote_options(std::string const& path, remote_options& options)
{
    detail::with_json_file(path, [&](nlohmann::json const& json) { take_remote_options(json, options); });
}

/// As take_batch_options(), from a file. @throws io_error naming the file and what is wrong with it
inline void load_batch_options(std::string const& path, remote_options& options, batch_options& batch)
{
    detail::with_json_file(path, [&](nlohmann::json const& json) { take_batch_options(json, options, batch); });
}

} // namespace rios
