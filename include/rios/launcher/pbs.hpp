// SPDX-License-Identifier: BSL-1.0
//
// Workers as jobs of a PBS cluster: OpenPBS, PBS Professional, Torque, or SLURM's wrappers of their commands (docs/cluster.md).
#pragma once

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "../text_file.hpp"
#include "batch_files.hpp"
#include "batch_options.hpp"
#include "launcher.hpp"
#include "run_program.hpp"

namespace rios {

/// Submits, watches and cancels jobs by qsub, qstat and qdel, which must be on the PATH.
///
/// Thread rule: one thread at a time.
class pbs_launcher {
  public:
    explicit pbs_launcher(batch_options options = {}) : options_(std::move(options)), logs_(options_.log_directory)
    {
        options_.options = detail::with_variable("RIOS_PBSJOBMGR_QSUBOPTIONS", std::move(options_.options));
        options_.init_commands = detail::with_variable("RIOS_PBSJOBMGR_INITCMDS", std::move(options_.init_commands));
    }

    /// @throws remote_error with the words of PBS if the job is refused, io_error if there is no place for its files
    [[nodiscard]] job_id submit(worker_command const& command)
    {
        // PBS has no pattern for the number of a job; two runs may share a folder.
        auto const base = logs_.path() + '/' + command.name + '.' + detail::unlikely_name();
        auto const log = base + ".log";
        auto const script = base + ".sh"; // not every qsub reads one from standard input
        std::vector<std::string> words{"qsub", "-N", command.name, "-j", "oe", "-o", log};
        if (!options_.queue.empty()) words.insert(words.end(), {"-q", options_.queue});
        std::string names; // by name: others may see the command line
        for (auto const& [name, value] : command.environment) names += (names.empty() ? "" : ",") + name;
        if (!names.empty()) words.insert(words.end(), {"-v", names});
        words.push_back(script);
        write_text_file(script, detail::job_script(command, options_, "#PBS"));
        detail::program_result result;
        try {
            result = run(std::move(words), command.environment);
        } catch (...) {
            remove(script);
            throw;
        }
        remove(script);
        auto const id = last_word(result.output);
        if (result.status != 0 || id.empty() || std::isdigit(static_cast<unsigned char>(id.front())) == 0) {
            throw remote_error("PBS refuses job " + command.name + ": " + result.complaint());
        }
        jobs_.insert_or_assign(id, job{.log = log});
        return id;
    }

    /// One command for all jobs. @throws remote_error if PBS does not answer
    [[nodiscard]] std::vector<job_status> status(std::span<job_id const> jobs)
    {
        if (jobs.empty()) return {};
        auto const found = queue(jobs);
        std::vector<job_status> result;
        std::vector<job_id> hopeless;
        for (auto const& id : jobs) {
            auto& known = jobs_[id];
            if (!known.ended) {
                auto const at = found.find(id);
                if (at == found.end() || has_ended(at->second)) {
                    known.ended = how_it_ended(at == found.end() ? fields() : at->second, known);
                } else if (waits(at->second) && never_runs(at->second)) {
                    hopeless.push_back(id);
                    known.ended = job_status{.state = job_state::ended,
                                             .reason = "can never start (" + value(at->second, "comment") +
                                                       "), and was cancelled"};
                } else {
                    result.push_back({.state = waits(at->second) ? job_state::waiting : job_state::running,
                                      .reason = value(at->second, "comment")});
                    continue;
                }
            }
            result.push_back(*known.ended);
        }
        if (!hopeless.empty()) cancel(hopeless);
        return result;
    }

    void cancel(std::span<job_id const> jobs)
    {
        if (jobs.empty()) return;
        std::vector<std::string> words{"qdel"};
        words.insert(words.end(), jobs.begin(), jobs.end());
        static_cast<void>(run(std::move(words))); // those that have ended are complained of
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
        auto const are_gone = [&] {
            auto const found = queue(jobs);
            return std::all_of(found.begin(), found.end(), [](auto const& each) { return has_ended(each.second); });
        };
        while (!are_gone() && std::chrono::steady_clock::now() < deadline) {
            std::this_thread::sleep_for(std::min(options_.poll_interval, std::chrono::milliseconds(200)));
        }
    }

    [[nodiscard]] static constexpr bool one_host() noexcept { return false; }
    [[nodiscard]] std::chrono::milliseconds poll_interval() const noexcept { return options_.poll_interval; }

  private:
    struct job {
        std::string log{};
        std::optional<job_status> ended{};
    };
    /// What qstat -f says of a job, by names in small letters.
    using fields = std::map<std::string, std::string>;

    [[nodiscard]] detail::program_result run(std::vector<std::string> words,
                                             std::vector<std::pair<std::string, std::string>> environment = {}) const
    {
        return detail::run_program(std::move(words), {}, std::move(environment), options_.patience);
    }

    /// Those that PBS knows of.
    [[nodiscard]] std::map<job_id, fields> queue(std::span<job_id const> jobs) const
    {
        std::vector<std::string> words{"qstat", "-f"};
        words.insert(words.end(), jobs.begin(), jobs.end());
        auto const answer = run(std::move(words));
        std::map<job_id, fields> result;
        fields* of_job = nullptr;
        std::string* last = nullptr;
        std::istringstream lines(answer.output);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("Job Id:")) {
                of_job = &result[last_word(line)];
                last = nullptr;
            } else if (auto const equals = line.find(" = "); of_job != nullptr && equals != std::string::npos) {
                auto name = trimmed(line.substr(0, equals));
                std::transform(name.begin(), name.end(), name.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
                last = &(*of_job)[name];
                *last = trimmed(line.substr(equals + 3));
            } else if (last != nullptr && line.starts_with('\t')) {
                *last += trimmed(line); // the rest of a long value
            }
        }
        // Each of the others is complained of, as one that has ended or is not known any more.
        if (answer.status != 0) {
            auto const all = answer.errors + answer.output;
            for (auto const& id : jobs) {
                if (result.contains(id) || all.find(id) != std::string::npos) continue;
                throw remote_error("PBS does not answer: " + answer.complaint());
            }
        }
        return result;
    }

    [[nodiscard]] static job_status how_it_ended(fields const& about, job const& known)
    {
        job_status result{.state = job_state::ended, .reason = "has ended"};
        if (auto const status = value(about, "exit_status"); !status.empty()) {
            result.exit_status = std::atoi(status.c_str());
            result.reason = "exited with status " + status;
        }
        if (auto const comment = value(about, "comment"); !comment.empty()) result.reason += " (" + comment + ")";
        result.log = detail::end_of_log(known.log, std::chrono::milliseconds(1000));
        return result;
    }

    [[nodiscard]] static std::string value(fields const& about, std::string const& name)
    {
        auto const found = about.find(name);
        return found == about.end() ? std::string() : found->second;
    }
    [[nodiscard]] static char state(fields const& about) { return value(about, "job_state").append(" ").front(); }
    [[nodiscard]] static bool has_ended(fields const& about)
    {
        return std::string_view("CFX").find(state(about)) != std::string_view::npos;
    }
    [[nodiscard]] static bool waits(fields const& about)
    {
        return std::string_view("QHWT").find(state(about)) != std::string_view::npos;
    }
    [[nodiscard]] static bool never_runs(fields const& about)
    {
        return value(about, "comment").find("Can Never Run") != std::string::npos;
    }

    [[nodiscard]] static std::string trimmed(std::string_view text)
    {
        auto const first = text.find_first_not_of(" \t\r\n");
        if (first == std::string_view::npos) return {};
        return std::string(text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1));
    }
    [[nodiscard]] static std::string last_word(std::string_view text)
    {
        auto const all = trimmed(text);
        auto const blank = all.find_last_of(" \t\n");
        return blank == std::string::npos ? all : all.substr(blank + 1);
    }
    static void remove(std::string const& path)
    {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }

    batch_options options_;
    detail::log_folder logs_;
    std::map<job_id, job> jobs_;
};

} // namespace rios
