// SPDX-License-Identifier: BSL-1.0
//
// What ecs_launcher.hpp and batch_launcher.hpp have in common: the run's name and things, the secret with its address, its end.
#pragma once

#include <chrono>
#include <cmath>
#include <exception>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "../launcher/launcher.hpp"
#include "../remote/worker_options.hpp"
#include "client.hpp"
#include "guardian.hpp"
#include "holdings.hpp"
#include "json_text.hpp"
#include "secret_name.hpp"
#include "worker_options.hpp"

namespace rios::aws {

/// The place of a run on AWS. All that is in it is removed in the end.
///
/// Thread rule: one thread at a time.
class run_place {
  public:
    /// @param options must outlive it, and be checked before prepare()
    explicit run_place(aws_worker_options const& options) : options_(options), aws_(options.client) {}
    run_place(run_place const&) = delete;
    run_place& operator=(run_place const&) = delete;
    ~run_place()
    {
        if (what_.run.empty()) return;
        for (auto const& line : release(aws_, what_)) {
            if (options_.left_over) options_.left_over(line);
        }
    }

    [[nodiscard]] client& aws() noexcept { return aws_; }
    [[nodiscard]] holdings& what() noexcept { return what_; }

    /// To be called when something is about to be made.
    void note() { guardian_.guard(options_.client, what_); }

    /// Makes all that a worker's job needs, unless it is there. If it cannot be made, the jobs that follow are refused for the same
    /// reason, until another run begins.
    /// @throws remote_error if the address of the run is not in the environment; what `make` throws
    template <typename F>
    void prepare(worker_command const& command, F make)
    {
        std::string address;
        for (auto const& [name, value] : command.environment) {
            if (name == remote::address_variable) address = value;
        }
        if (address.empty()) {
            throw options_error("a worker on AWS sees no file of this host: address_in_environment must be true");
        }
        if (address == address_ && trouble_) std::rethrow_exception(trouble_);
        if (address == address_) return;
        address_ = address;
        trouble_ = nullptr;
        try {
            if (what_.run.empty()) what_.run = run_name(command.name);
            make();
        } catch (...) {
            trouble_ = std::current_exception();
            throw;
        }
    }

    /// Puts the address of the run where the workers find it. @returns what a definition refers to it by; empty if it is in the
    /// environment
    std::string keep_secret()
    {
        if (options_.secret.empty()) return {};
        auto name = secret_name::from_text(options_.secret);
        if (name.is_prefix()) name.name += what_.run;
        if (reference_.empty()) {
            what_.secret = name.text(); // before there is one: it is removed only if it has the run's tag
            note();
            reference_ = name.make(aws_, address_, what_.run);
        } else {
            name.change(aws_, address_);
        }
        return reference_;
    }

    /// The command of a worker's container.
    /// @param with_program whether the program, if one is given, is a part of it
    [[nodiscard]] std::vector<std::string> words(worker_command const& command, bool with_program) const
    {
        std::vector<std::string> result(command.words.begin() + 1, command.words.end());
        if (with_program && !options_.program.empty()) result.insert(result.begin(), options_.program);
        return result;
    }

    /// The environment of a worker's container.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> environment(worker_command const& command) const
    {
        std::vector<std::pair<std::string, std::string>> result(options_.environment.begin(),
                                                                options_.environment.end());
        for (auto const& each : command.environment) {
            if (each.first != remote::address_variable || what_.secret.empty()) result.push_back(each);
        }
        result.emplace_back(remote::lifetime_variable,
                            std::to_string(static_cast<long>(std::ceil(options_.lifetime.count()))));
        return result;
    }

    /// The last lines of a log; nothing if they cannot be had.
    [[nodiscard]] std::string end_of_log(std::string const& group, std::string const& stream)
    {
        std::string result;
        try {
            auto const answer = aws_.call(
                "logs", "GetLogEvents",
                {{"logGroupName", group}, {"logStreamName", stream}, {"limit", 20}, {"startFromHead", false}});
            for (auto const& each : detail::list_in(answer, "events")) {
                result += (result.empty() ? "" : "\n") + detail::text_in(each, "message");
            }
        } catch (error const&) { // it only explains what is known without it
            return {};
        }
        return result;
    }

  private:
    aws_worker_options const& options_;
    guardian guardian_; // goes when all has been removed
    client aws_;
    holdings what_{};
    std::string address_{};      // of the run that jobs were submitted for last
    std::exception_ptr trouble_; // that its jobs are refused for
    std::string reference_{};    // of the secret; empty: it was not made yet
};

} // namespace rios::aws
