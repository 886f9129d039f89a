// SPDX-License-Identifier: BSL-1.0
//
// What it costs to have blocks computed by other processes: to start them, to hand blocks over, to move many bytes.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility> // before asio, which forgets it

#include <benchmark/benchmark.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <sys/socket.h>
#include <unistd.h>

#include <rios/archive.hpp>
#include <rios/cancellation.hpp>
#include <rios/executor/remote.hpp>
#include <rios/image.hpp>
#include <rios/launcher/subprocess.hpp>
#include <rios/net/connection.hpp>
#include <rios/net/frame.hpp>
#include <rios/net/frame_assembler.hpp>
#include <rios/net/listener.hpp>
#include <rios/net/tls.hpp>
#include <rios/remote/messages.hpp>
#include <rios/serve_if_worker.hpp>
#include <rios/timing.hpp>

namespace {

using block = rios::image<std::uint8_t>;
using clock_type = std::chrono::steady_clock;

double seconds_since(clock_type::time_point begin)
{
    return std::chrono::duration<double>(clock_type::now() - begin).count();
}

block make_block(std::size_t bytes)
{
    block result(1, static_cast<std::ptrdiff_t>(bytes / 256), 256);
    std::fill_n(result.data(), bytes, std::uint8_t{7});
    return result;
}

/// A step that only makes a block of so many bytes: what is left is the way there and back.
struct block_maker {
    std::size_t bytes = 0;

    block operator()(std::size_t, rios::timing_log&, rios::cancellation&) const { return make_block(bytes); }

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.bytes);
    }
};

/// A step that gives back the block that it gets.
struct block_returner {
    static block compute(std::size_t, block& in, rios::timing_log&, rios::cancellation&) { return std::move(in); }
};

struct making_job {
    using result = block;
    using worker_type = block_maker;
    static constexpr bool workers_read = true;

    std::size_t steps = 0;
    std::size_t bytes = 0;
    std::function<void()> delivered{};

    [[nodiscard]] std::size_t size() const { return steps; }
    [[nodiscard]] worker_type worker() const { return {.bytes = bytes}; }
    [[nodiscard]] block compute(std::size_t) const { return make_block(bytes); }
    void deliver(std::size_t, block const& arrived) const
    {
        benchmark::DoNotOptimize(arrived.pixels());
        if (delivered) delivered();
    }
};

struct returning_job : making_job {
    using computer_type = block_returner;
    using input = block;
    static constexpr bool workers_read = false;

    [[nodiscard]] static computer_type computer() { return {}; }
    [[nodiscard]] static std::size_t parts() { return 1; }
    [[nodiscard]] input make_input() const { return make_block(bytes); }
    void read(std::size_t, std::size_t, input&) const {}
    using making_job::compute;
    [[nodiscard]] static block compute(std::size_t, input& in) { return std::move(in); }
};

/// From run() to the first result, of so many processes that are all there by then.
void start_up(benchmark::State& state)
{
    auto const workers = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        rios::remote_executor executor(rios::subprocess_launcher(), {.workers = workers, .min_workers = workers});
        double taken = 0;
        making_job job{.steps = workers, .bytes = 1024};
        auto const begin = clock_type::now();
        job.delivered = [&] {
            if (taken == 0) taken = seconds_since(begin);
        };
        executor.run(job);
        state.SetIterationTime(taken);
    }
}

/// The same, and until the processes are gone again.
void come_and_go(benchmark::State& state)
{
    auto const workers = static_cast<std::size_t>(state.range(0));
    for (auto _ : state) {
        rios::remote_executor executor(rios::subprocess_launcher(), {.workers = workers, .min_workers = workers});
        making_job job{.steps = workers, .bytes = 1024};
        executor.run(job);
    }
}

/// Blocks through the executor, one process with one thread: several are under way, as in every run.
template <typename J>
void through_executor(benchmark::State& state)
{
    constexpr std::size_t steps = 2000;
    rios::remote_executor executor(rios::subprocess_launcher(), {.workers = 1, .workers_read = J::workers_read});
    J job;
    job.bytes = static_cast<std::size_t>(state.range(0));
    job.steps = 1;
    executor.run(job); // the worker is there
    job.steps = steps;
    for (auto _ : state) executor.run(job);
    state.counters["s/block"] = benchmark::Counter(
        static_cast<double>(steps), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}

/// Two ends of a channel on threads of this process.
class channel_pair {
  public:
    using taker = std::function<void(rios::net::connection&, rios::net::message_body)>;

    channel_pair(taker const& at_server, taker const& at_client)
        : key_(rios::net::channel_key::make()), client_tls_(rios::net::channel_role::client, key_),
          listener_(server_io_, key_, {.loopback_only = true},
                    [this, at_server](std::shared_ptr<rios::net::connection> const& joined) {
                        server_ = joined;
                        auto handlers = handlers_for(*joined, at_server);
                        handlers.ready = [this] { server_ready_.set_value(); };
                        return handlers;
                    })
    {
        using tcp = boost::asio::ip::tcp;
        tcp::socket socket(client_io_);
        socket.connect({boost::asio::ip::address_v4::loopback(), listener_.port()});
        client_ = std::make_shared<rios::net::connection>(
            std::move(socket), client_tls_, rios::net::channel_role::client, rios::net::connection_limits{});
        client_->start(handlers_for(*client_, at_client));
        server_thread_ = std::jthread([this] { server_io_.run(); });
        client_thread_ = std::jthread([this] { client_io_.run(); });
        server_ready_.get_future().wait();
    }
    channel_pair(channel_pair const&) = delete;
    channel_pair& operator=(channel_pair const&) = delete;
    ~channel_pair()
    {
        client_->abort("over");
        server_->abort("over");
        boost::asio::post(server_io_, [this] { listener_.close(); });
    }

    [[nodiscard]] rios::net::connection& client() noexcept { return *client_; }

  private:
    static rios::net::connection::handlers handlers_for(rios::net::connection& end, taker const& take)
    {
        return {.ready = {},
                .message = [&end, take](std::uint16_t, rios::net::message_body body) { take(end, std::move(body)); },
                .closed = {}};
    }

    rios::net::channel_key key_;
    rios::net::tls_context client_tls_;
    boost::asio::io_context server_io_;
    boost::asio::io_context client_io_;
    std::promise<void> server_ready_;
    std::shared_ptr<rios::net::connection> server_;
    std::shared_ptr<rios::net::connection> client_;
    rios::net::listener listener_;
    std::jthread server_thread_;
    std::jthread client_thread_;
};

rios::net::frame_bytes frame_of(std::size_t bytes)
{
    rios::net::frame_bytes frame(rios::net::frame_header::size + bytes);
    rios::net::set_header(frame, 1);
    return frame;
}

/// A request of so many bytes over TLS, and an answer of so many; the next when it has come.
void ping_pong(benchmark::State& state)
{
    auto const answer = static_cast<std::size_t>(state.range(1));
    std::promise<void>* waiting = nullptr;
    channel_pair pair([&](auto& end, auto) { end.send(frame_of(answer)); }, [&](auto&, auto) { waiting->set_value(); });
    for (auto _ : state) {
        std::promise<void> arrived;
        waiting = &arrived;
        state.PauseTiming();
        auto request = frame_of(static_cast<std::size_t>(state.range(0)));
        state.ResumeTiming();
        pair.client().send(std::move(request));
        arrived.get_future().wait();
    }
    state.SetBytesProcessed(state.iterations() * (state.range(0) + state.range(1)));
}

/// Puts messages together from pieces as they come out of TLS.
void assemble(benchmark::State& state)
{
    auto const frame = frame_of(static_cast<std::size_t>(state.range(0)));
    constexpr std::size_t piece = std::size_t{16} << 10;
    rios::net::frame_assembler assembler(frame.size());
    for (auto _ : state) {
        bool complete = false;
        for (std::size_t done = 0; !complete;) {
            auto const room = assembler.room();
            auto const size = std::min({room.size(), piece - done % piece, frame.size() - done});
            std::copy_n(frame.begin() + static_cast<std::ptrdiff_t>(done), size, room.begin());
            done += size;
            complete = assembler.filled(size);
        }
        benchmark::DoNotOptimize(assembler.take_body().data());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

/// Blocks with the header and the numbers of a result: into a frame, and out of one.
void encode(benchmark::State& state)
{
    auto const sent = make_block(static_cast<std::size_t>(state.range(0)));
    for (auto _ : state) {
        auto frame = rios::remote::frame(rios::remote::message::result, rios::remote::step{1, 2}, sent);
        benchmark::DoNotOptimize(frame.data());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

block decoded(std::span<std::byte const> body)
{
    rios::byte_reader reader(body);
    static_cast<void>(reader.take<rios::remote::step>());
    return rios::from_bytes<block>(reader.rest());
}

void decode(benchmark::State& state)
{
    auto const frame = rios::remote::frame(rios::remote::message::result, rios::remote::step{1, 2},
                                           make_block(static_cast<std::size_t>(state.range(0))));
    std::span<std::byte const> const all = frame;
    for (auto _ : state) {
        auto const header = rios::net::header_from(all.first<rios::net::frame_header::size>());
        auto const arrived = decoded(all.subspan(rios::net::frame_header::size, header.body_size));
        benchmark::DoNotOptimize(arrived.pixels());
    }
    state.SetBytesProcessed(state.iterations() * state.range(0));
}

BENCHMARK(start_up)->Arg(1)->Arg(2)->UseManualTime()->Unit(benchmark::kMillisecond)->Iterations(20);
BENCHMARK(come_and_go)->Arg(1)->Arg(2)->UseRealTime()->Unit(benchmark::kMillisecond)->Iterations(20);
BENCHMARK(through_executor<making_job>)->Arg(64 << 10)->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(through_executor<returning_job>)->Arg(64 << 10)->UseRealTime()->Unit(benchmark::kMillisecond);
// A step and its result; a block there and back; large blocks, each with a word that it has come.
BENCHMARK(ping_pong)->Args({32, 64 << 10})->Args({64 << 10, 64 << 10})->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(ping_pong)->Args({4 << 20, 32})->Args({64 << 20, 32})->UseRealTime()->Unit(benchmark::kMillisecond);
BENCHMARK(encode)->Arg(64 << 10)->Arg(4 << 20)->Arg(64 << 20)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(assemble)->Arg(64 << 10)->Arg(4 << 20)->Arg(64 << 20)->UseRealTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(decode)->Arg(64 << 10)->Arg(4 << 20)->Arg(64 << 20)->UseRealTime()->Unit(benchmark::kMicrosecond);

} // namespace

int main(int argc, char** argv)
{
    if (auto const status = rios::serve_if_worker(argc, argv)) return *status;
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
    benchmark::Shutdown();
}
