// SPDX-License-Identifier: BSL-1.0
// Small models of each concept, and for each requirement something that lacks just that.
#include <rios/concepts.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block_info.hpp>
#include <rios/executor/inline.hpp>
#include <rios/executor/threads.hpp>
#include <rios/image.hpp>

using rios::block;
using rios::image;
using rios::pixel_grid;

namespace {

struct memory_reader {
    using value_type = image<float>;
    pixel_grid where;
    [[nodiscard]] pixel_grid const& grid() const { return where; }
    static value_type read(block const& b) { return {1, b.rows, b.cols}; }
};
static_assert(rios::Reader<memory_reader>);

struct reader_without_value_type {
    pixel_grid where;
    [[nodiscard]] pixel_grid const& grid() const { return where; }
    static image<float> read(block const& b) { return {1, b.rows, b.cols}; }
};
static_assert(!rios::Reader<reader_without_value_type>);

struct reader_of_something_else : memory_reader {
    static image<double> read(block const& b) { return {1, b.rows, b.cols}; }
};
static_assert(!rios::Reader<reader_of_something_else>);

struct reader_that_cannot_be_copied : memory_reader {
    std::unique_ptr<int> handle;
};
static_assert(!rios::Reader<reader_that_cannot_be_copied>);

struct reader_without_a_grid {
    using value_type = image<float>;
    static value_type read(block const& b) { return {1, b.rows, b.cols}; }
};
static_assert(!rios::Reader<reader_without_a_grid>);

struct counting_worker {
    std::size_t seen = 0;
    void operator()(block const&, image<float> const&) { ++seen; }
};
constexpr auto doubling = [](block const&, image<float> const& in) { return in; };
constexpr auto knowing_all = [](rios::block_info const&, image<float>) {};
constexpr auto changing_its_input = [](block const&, image<float>&) {};
struct worker_that_cannot_be_copied : counting_worker {
    std::unique_ptr<int> scratch;
};
static_assert(rios::ComputeWorker<counting_worker, image<float>>);
static_assert(rios::ComputeWorker<decltype(doubling), image<float>>);
static_assert(rios::ComputeWorker<decltype(knowing_all), image<float>>);
static_assert(!rios::ComputeWorker<decltype(knowing_all), image<float>, image<float>>);
static_assert(!rios::ComputeWorker<decltype(doubling), image<double>>);
static_assert(!rios::ComputeWorker<decltype(changing_its_input), image<float>>);
static_assert(!rios::ComputeWorker<worker_that_cannot_be_copied, image<float>>);

struct memory_writer {
    std::vector<image<float>> written;
    void open(pixel_grid const&) { written.clear(); }
    void write(block const&, image<float> out) { written.push_back(std::move(out)); }
    void close() { written.shrink_to_fit(); }
};
struct writer_without_close {
    static void open(pixel_grid const&) {}
    static void write(block const&, image<float> const&) {}
};
struct writer_that_cannot_be_moved : memory_writer {
    writer_that_cannot_be_moved() = default;
    writer_that_cannot_be_moved(writer_that_cannot_be_moved const&) = delete;
};
static_assert(rios::Writer<memory_writer, image<float>>);
static_assert(!rios::Writer<memory_writer, image<double>>);
static_assert(!rios::Writer<writer_without_close, image<float>>);
static_assert(!rios::Writer<writer_that_cannot_be_moved, image<float>>);

struct squares {
    using result = std::size_t;
    std::size_t count = 0;
    std::vector<std::size_t> delivered;
    [[nodiscard]] std::size_t size() const { return count; }
    static result compute(std::size_t index) { return index * index; }
    void deliver(std::size_t, result r) { delivered.push_back(r); }
};
struct job_of_move_only_results {
    using result = std::unique_ptr<int>;
    static std::size_t size() { return 1; }
    static result compute(std::size_t) { return std::make_unique<int>(7); }
    static void deliver(std::size_t, result) {}
};
struct job_without_delivery {
    using result = int;
    static std::size_t size() { return 0; }
    static int compute(std::size_t) { return 0; }
};
struct job_of_signed_size : squares {
    static int size() { return 0; }
};
struct job_of_another_result : squares {
    using result = double;
};
static_assert(rios::Job<squares>);
static_assert(rios::Job<job_of_move_only_results>);
static_assert(!rios::Job<job_without_delivery>);
static_assert(!rios::Job<job_of_signed_size>);
static_assert(!rios::Job<job_of_another_result>);

struct reading_job : squares {
    using input = std::vector<int>;
    static std::size_t parts() { return 2; }
    static input make_input() { return input(2); }
    static void read(std::size_t, std::size_t, input&) {}
    using squares::compute;
    static result compute(std::size_t index, input&) { return index; }
};
struct reading_job_without_compute : squares {
    using input = std::vector<int>;
    static std::size_t parts() { return 2; }
    static input make_input() { return input(2); }
    static void read(std::size_t, std::size_t, input&) {}
};
struct reading_job_without_parts : reading_job {
    static std::size_t parts() = delete;
};
struct reading_job_of_another_input : reading_job {
    static std::vector<long> make_input() { return {}; }
};
static_assert(rios::ReadingJob<reading_job>);
static_assert(!rios::ReadingJob<squares>);
static_assert(!rios::ReadingJob<reading_job_without_compute>);
static_assert(!rios::ReadingJob<reading_job_without_parts>);
static_assert(!rios::ReadingJob<reading_job_of_another_input>);

struct executor_that_does_nothing {
    void run(int) const {}
};
static_assert(rios::Executor<rios::inline_executor, squares>);
static_assert(rios::Executor<rios::thread_executor, squares>);
static_assert(rios::Executor<rios::inline_executor, job_of_move_only_results>);
static_assert(rios::Executor<rios::thread_executor, job_of_move_only_results>);
static_assert(!rios::Executor<rios::inline_executor, job_without_delivery>);
static_assert(!rios::Executor<executor_that_does_nothing, squares>);

struct executor_of_squares {
    void run(squares&) const {}
};
static_assert(rios::Executor<executor_of_squares, squares>);
static_assert(rios::AnyExecutor<rios::inline_executor>);
static_assert(rios::AnyExecutor<rios::thread_executor&>);
static_assert(!rios::AnyExecutor<executor_of_squares>);
static_assert(!rios::AnyExecutor<executor_that_does_nothing>);
static_assert(!rios::AnyExecutor<int>);

} // namespace

TEST_CASE("a reader, a worker, a writer and an executor work together without a base class")
{
    memory_reader reader{.where = {.rows = 5, .cols = 4, .geotransform = {}, .projection = {}}};
    counting_worker worker;
    memory_writer writer;
    writer.open(reader.grid());
    for (auto const& each : reader.grid().blocks(2)) {
        auto in = reader.read(each);
        worker(each, in);
        writer.write(each, doubling(each, in));
    }
    writer.close();
    CHECK(worker.seen == 6);
    CHECK(writer.written.size() == 6);

    squares job{.count = 4, .delivered = {}};
    rios::inline_executor executor;
    executor.run(job);
    CHECK(job.delivered == std::vector<std::size_t>{0, 1, 4, 9});
}
