// SPDX-License-Identifier: BSL-1.0
#include "example_options.hpp"

#include <algorithm>
#include <exception>
#include <utility>

#include <rios/aws/executor_config.hpp>
#include <rios/aws/guardian.hpp>
#include <rios/gdal/block_cache.hpp>
#include <rios/gdal/call.hpp>
#include <rios/gdal/data_type.hpp>
#include <rios/gdal/dataset.hpp>
#include <rios/serve_if_worker.hpp>

namespace examples {

namespace {

/// Options that would have no effect with the executor that was chosen. @throws CLI::ValidationError naming one
void refuse_idle_options(CLI::App& app)
{
    auto const* const chosen = app.get_option_no_throw("--executor");
    if (chosen == nullptr) return;
    auto const kind = chosen->as<std::string>();
    auto const require = [&](char const* name, std::string const& kinds, bool has_effect) {
        if (app.count(name) == 0 || has_effect) return;
        throw CLI::ValidationError(name, "has no effect with --executor " + kind + "; it goes with " + kinds);
    };
    rios::executor_choice const choice{.kind = kind};
    bool const processes = choice.is_remote();
    if ((choice.is_batch() || choice.is_aws()) && app.get_option("--workers")->as<std::size_t>() == 0) {
        throw CLI::ValidationError("--executor",
                                   kind + " needs --workers, the number of " + (kind == "ecs" ? "tasks" : "jobs"));
    }
    require("--readers", "all but inline", kind != "inline");
    require("--workers", "threads, subprocess, slurm, pbs, ecs and aws-batch", kind == "threads" || processes);
    require("--threads", "subprocess, slurm, pbs, ecs and aws-batch", processes);
    require("--executor-config", "subprocess, slurm, pbs, ecs and aws-batch", processes);
}

int fail(CLI::App const& app, int status, std::string message)
{
    std::replace(message.begin(), message.end(), '\n', ' ');
    std::fprintf(stderr, "%s: error: %s\n", app.get_name().c_str(), message.c_str());
    return status;
}

} // namespace

void add_options(CLI::App& app, pipeline_options& options)
{
    auto const option = [&app](char const* name, auto& target, char const* type, char const* description) {
        return app.add_option(name, target, description)->group("Pipeline")->type_name(type)->capture_default_str();
    };
    option(
        "--executor", options.executor, "KIND",
        "inline: one block after the other; read-ahead: other threads\n"
        "read ahead; threads: other threads read and compute;\nsubprocess: other processes do; slurm, pbs: jobs of a "
        "cluster;\necs, aws-batch: tasks and jobs on AWS. The result is the same")
        ->transform(CLI::IsMember({"inline", "read-ahead", "threads", "subprocess", "slurm", "pbs", "ecs", "aws-batch"})
                        .description(""));
    option("--readers", options.readers, "N",
           "Threads that read ahead, 0 to 4096 (in each process); with\nthreads, 0 lets each compute thread read for "
           "itself")
        ->check(CLI::Range(0, 4096).description(""));
    option("--workers", options.workers, "N",
           "Compute threads, or processes, or jobs, 0 to 4096; 0: one\nfor each core (not for jobs)")
        ->check(CLI::Range(0, 4096).description(""));
    option("--threads", options.threads, "N", "Compute threads of each process or job, 1 to 4096")
        ->check(CLI::Range(1, 4096).description(""));
    option("--executor-config", options.config, "FILE.json",
           "Settings of the processes (docs/remote.md),\njobs (docs/cluster.md) or tasks (docs/aws.md)");
    option("--window", options.window, "N", "Rows and columns of a block, 1 to 1000000 pixels")
        ->check(CLI::Range(1, 1000000).description(""));
    app.add_flag("--timings", options.timings, "Print the seconds spent in each stage, summed over threads")
        ->group("Pipeline");
    app.get_formatter()->column_width(24);
    app.footer("The exit status is 0 when done, 1 after a failure, 2 for wrong usage.");
}

rios::chosen_executor make_executor(pipeline_options const& options)
{
    rios::executor_choice choice{.kind = options.executor, .readers = options.readers, .threads = options.workers};
    if (choice.is_remote()) {
        choice.threads = options.threads;
        choice.remote.workers = options.workers == 0 ? rios::available_cores() : options.workers;
        rios::load_executor_options(options.config, choice, [](std::string const& left) {
            std::fprintf(stderr, "warning: %s\n", left.c_str());
        });
    }
    return rios::chosen_executor(std::move(choice));
}

rios::pixel_type pixel_type_of(std::vector<std::string> const& paths, std::vector<int> const& bands)
{
    std::vector<rios::pixel_type> types;
    for (auto const& path : paths) {
        auto const file = rios::gdal_dataset::open(path);
        for (int const number : rios::selected_bands(file, bands)) types.push_back(file.band_type(number));
    }
    return rios::common_pixel_type(types);
}

int run(CLI::App& app, int argc, char** argv, std::function<void()> const& work)
try {
    rios::limit_block_cache(64 << 20);
    rios::silence_gdal();
    if (auto const status = rios::serve_if_worker(argc, argv)) return *status;
    if (auto const status = rios::aws::serve_if_guardian(argc, argv)) return *status;
    try {
        app.parse(argc, argv);
        refuse_idle_options(app);
    } catch (CLI::ParseError const& result) {
        if (result.get_exit_code() != 0) return fail(app, 2, std::string(result.what()) + " (see --help)");
        return app.exit(result); // --help
    }
    work();
    return std::fflush(stdout) == 0 ? 0 : fail(app, 1, "cannot write to standard output");
} catch (std::exception const& error) {
    return fail(app, 1, error.what());
}

} // namespace examples
