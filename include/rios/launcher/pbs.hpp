// SPDX-License-Identifier: BSL-1.0
//
// Workers as jobs of a PBS cluster: OpenPBS, PBS Professional, Torque, or SLURM's wrappers of their commands (docs/cluster.md).
#pragma once

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "../error.hpp"
#include "../text_file.hpp"
#include "batch_files.hpp"
#include "batch_launcher.hpp"
#include "batch_options.hpp"
#include "launcher.hpp"

namespace rios {

namespace detail {

/// qsub, qstat and qdel.
struct pbs_system {
    static constexpr char const* options_variable = "RIOS_PBSJOBMGR_QSUBOPTIONS";
    static constexpr char const* init_variable = "RIOS_PBSJOBMGR_INITCMDS";

    static submitted_job submit(batch_commands const& commands, worker_command const& command,
                                batch_options const& options, std::string const& folder)
    {
        // PBS has no pattern for the number of a job; two runs may share a folder.
        auto const base = folder + '/' + command.name + '.' + unlikely_name();
        std::vector<std::string> words{"qsub", "-N", command.name, "-j", "oe", "-r", "n", "-o", base + ".log"};
        if (!options.queue.empty()) words.insert(words.end(), {"-q", options.queue});
        // By name: others may see the command line.
        if (!command.environment.empty()) words.insert(words.end(), {"-v", names_of(command.environment)});
        script_file const script(base + ".sh", job_script(command, options, "#PBS", folder));
        words.push_back(script.path);
        auto const result = commands.run(std::move(words), {}, command.environment);
        auto const id = last_word(result.output);
        if (result.status != 0 || id.empty() || std::isdigit(static_cast<unsigned char>(id.front())) == 0) {
            throw remote_error("PBS refuses job " + command.name + ": " + result.complaint());
        }
        return {.id = id, .log = base + ".log"};
    }

    static std::map<job_id, batch_answer> look(batch_commands const& commands, std::span<job_id const> jobs)
    {
        std::vector<std::string> words{"qstat", "-f"};
        words.insert(words.end(), jobs.begin(), jobs.end());
        auto const answer = commands.run(std::move(words));
        std::map<job_id, batch_answer> result;
        for (auto const& [id, about] : parsed(answer.output)) {
            result.insert_or_assign(id, answer_from(about));
        }
        // Those that have ended, or are not known any more, are left out, or complained of; 35 and 153 say that of the last.
        bool const answered = answer.status == 0 || answer.status == 35 || answer.status == 153;
        auto const all = answer.errors + answer.output;
        for (auto const& id : jobs) {
            if (answered || result.contains(id) || mentions(all, id)) continue;
            throw remote_error("PBS does not answer: " + answer.complaint());
        }
        return result;
    }

    static job_status end_of(batch_commands const& commands, job_id const& id, job_status const* known)
    {
        if (known != nullptr) return *known;
        // OpenPBS tells of those that have ended only when it is asked for them; others do not know the option.
        auto const history = parsed(commands.run({"qstat", "-x", "-f", id}).output);
        if (auto const found = history.find(id); found != history.end()) return answer_from(found->second).status;
        return {.state = job_state::ended, .reason = "has ended"};
    }

    static void cancel(batch_commands const& commands, std::span<job_id const> jobs)
    {
        std::vector<std::string> words{"qdel"};
        words.insert(words.end(), jobs.begin(), jobs.end());
        static_cast<void>(commands.run(std::move(words))); // those that have ended are complained of
    }

  private:
    /// What qstat -f says of a job, by names in small letters.
    using fields = std::map<std::string, std::string>;

    /// A script as long as qsub needs it: not every qsub reads one from standard input.
    struct script_file {
        script_file(std::string where, std::string const& text) : path(std::move(where))
        {
            write_text_file(path, text);
        }
        script_file(script_file const&) = delete;
        script_file& operator=(script_file const&) = delete;
        ~script_file()
        {
            std::error_code ignored;
            std::filesystem::remove(path, ignored);
        }
        std::string path;
    };

    [[nodiscard]] static std::map<job_id, fields> parsed(std::string const& text)
    {
        std::map<job_id, fields> result;
        fields* of_job = nullptr;
        std::string* last = nullptr;
        bool has_blanks = false;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            if (line.starts_with("Job Id:")) {
                of_job = &result[last_word(line)];
                last = nullptr;
            } else if (last != nullptr && has_blanks && line.starts_with('\t')) {
                *last += trimmed(line); // the rest of a long value
            } else if (auto const equals = line.find(" = "); of_job != nullptr && equals != std::string::npos) {
                has_blanks = line.starts_with(' '); // before names, as real ones have it; SLURM's have a tab there
                auto name = trimmed(line.substr(0, equals));
                std::transform(name.begin(), name.end(), name.begin(),
                               [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
                last = &(*of_job)[name];
                *last = trimmed(line.substr(equals + 3));
            }
        }
        return result;
    }

    [[nodiscard]] static batch_answer answer_from(fields const& about)
    {
        auto const value = [&](char const* name) {
            auto const found = about.find(name);
            return found == about.end() ? std::string() : found->second;
        };
        auto const letter = value("job_state").append(" ").front();
        auto const comment = value("comment");
        batch_answer result{.status = {.state = job_state::running, .reason = comment}};
        if (std::string_view("QHWT").find(letter) != std::string_view::npos) {
            result.status.state = job_state::waiting;
            result.is_hopeless = comment.find("Can Never Run") != std::string::npos;
        } else if (std::string_view("CFX").find(letter) != std::string_view::npos) {
            result.status = {.state = job_state::ended, .reason = "has ended"};
            if (auto const status = value("exit_status"); !status.empty()) {
                result.status.exit_status = std::atoi(status.c_str());
                result.status.reason = "exited with status " + status;
            }
            if (!comment.empty()) result.status.reason += " (" + comment + ")";
        }
        return result;
    }

    /// Is an id a word of a text?
    [[nodiscard]] static bool mentions(std::string const& text, job_id const& id)
    {
        auto const is_part = [&](std::size_t at) {
            return at < text.size() && (text[at] == '.' || std::isalnum(static_cast<unsigned char>(text[at])) != 0);
        };
        for (std::size_t at = 0; (at = text.find(id, at)) != std::string::npos; at += id.size()) {
            if ((at == 0 || !is_part(at - 1)) && !is_part(at + id.size())) return true;
        }
        return false;
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
};

} // namespace detail

/// Submits, watches and cancels jobs of PBS, whose commands must be on the PATH.
///
/// Thread rule: one thread at a time.
using pbs_launcher = detail::batch_launcher<detail::pbs_system>;

} // namespace rios
