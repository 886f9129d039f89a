// SPDX-License-Identifier: BSL-1.0
//
// The writers of a run: what a worker returned goes to them block by block, without its margin; they become complete
// together. Used by apply.hpp.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <exception>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include "../block_info.hpp"
#include "../error.hpp"
#include "../existing.hpp"
#include "../image.hpp"
#include "../image_view.hpp"
#include "../lists.hpp"
#include "../timing.hpp"
#include "../typed_errors.hpp"
#include "inputs.hpp"
#include "prepare.hpp"

namespace rios {

/// Stands for the writers of a run that writes nothing.
struct no_output {};

namespace detail {

template <typename S>
concept SkippingWriter = requires(S& writer, block const& where) { writer.skip(where); };

/// The part of an output image that is the block. @throws grid_error if the image has another shape
template <typename T>
image_view<T const> without_margin(image<T> const& pixels, block_info const& where, std::string const& name)
{
    if (auto const found = block_of(pixels, where)) return *found;
    auto const shape = [](std::ptrdiff_t rows, std::ptrdiff_t cols) {
        return std::to_string(rows) + " rows, " + std::to_string(cols) + " cols";
    };
    throw grid_error(
        name + ": " + block_text(where) + ": the worker returned an image of " + shape(pixels.rows(), pixels.cols()) +
        "; allowed: " + shape(where.rows, where.cols) +
        (where.overlap() == 0 ? "" : ", or with the margin " + shape(where.padded_rows(), where.padded_cols())));
}

/// Calls what a writer does.
/// @param number of the output, from 0, for messages
/// @throws a rios::error as `f` throws it; an io_error that names the output, with whatever else it throws nested in it
template <typename S, typename F>
void guarded(S const& writer, std::size_t number, std::string const& what, F f)
{
    with_typed_errors(f, [&](std::string const& reason) {
        return io_error(name_of_output(writer, number), "cannot " + what + ": " + reason);
    });
}

/// Writes an image without its margin, as the writer wants it.
template <typename S, typename T, typename Digest>
void write_image(S& writer, block_info const& where, image<T>&& out, Digest&& digest, std::size_t number)
{
    auto const pixels = without_margin(out, where, name_of_output(writer, number));
    if constexpr (PreparingWriter<S>) {
        writer.write(where, pixels, std::forward<Digest>(digest));
    } else if constexpr (requires { writer.write(where, pixels); }) {
        writer.write(where, pixels);
    } else if (pixels.rows() == out.rows() && pixels.cols() == out.cols()) {
        writer.write(where, std::move(out));
    } else {
        image<T> trimmed(pixels.bands(), pixels.rows(), pixels.cols());
        for (std::ptrdiff_t band = 0; band < pixels.bands(); ++band) {
            for (std::ptrdiff_t row = 0; row < pixels.rows(); ++row) {
                std::ranges::copy(pixels.row(band, row), trimmed.row(band, row).begin());
            }
        }
        writer.write(where, std::move(trimmed));
    }
}

/// Writes what a worker returned for one writer, with its digest. A list gets a vector, and what is optional may be left
/// out.
/// @param number of the output, from 0; of a list, of its first member
/// @throws a rios::error as a writer throws it; an io_error that names the output and the block, with whatever else it
/// throws nested in it
template <typename S, typename Out, typename Digest>
void write_output(S& writer, block_info const& where, Out&& out, Digest&& digest, std::size_t number)
{
    using value = std::remove_cvref_t<Out>;
    if constexpr (is_writer_list<S>) {
        if (out.size() != writer.members().size()) {
            throw grid_error(block_text(where) + ": the worker returned " + std::to_string(out.size()) +
                             " values for a list of " + std::to_string(writer.members().size()) + " outputs");
        }
        for (std::size_t i = 0; i < out.size(); ++i) {
            write_output(writer.members()[i], where, std::move(out[i]), std::move(digest[i]), number + i);
        }
    } else if constexpr (is_some<value>) {
        if (out) return write_output(writer, where, std::move(*out), std::forward<Digest>(digest), number);
        if constexpr (SkippingWriter<S>) {
            guarded(writer, number, "write " + block_text(where), [&] { writer.skip(where); });
        }
    } else {
        guarded(writer, number, "write " + block_text(where), [&] {
            if constexpr (is_image<value>) {
                write_image(writer, where, std::forward<Out>(out), std::forward<Digest>(digest), number);
            } else {
                writer.write(where, std::forward<Out>(out));
            }
        });
    }
}

/// Is `Out` something that write_output() can give to `S`?
template <typename S, typename Out>
constexpr bool writable()
{
    if constexpr (is_some<Out>) return writable<S, typename Out::value_type>();
    else if constexpr (is_image<Out>) {
        return requires(S& writer, block const& where, Out out) { writer.write(where, std::move(out)); } ||
               requires(S& writer, block const& where, image_view<typename Out::value_type const> view) {
                   writer.write(where, view);
               };
    } else {
        return requires(S& writer, block const& where, Out out) { writer.write(where, std::move(out)); };
    }
}
template <typename S, typename Out>
inline constexpr bool is_writable = writable<S, Out>();
template <typename S, typename Out>
inline constexpr bool is_writable<writer_list<S>, std::vector<Out>> = is_writable<S, Out>;
template <typename S, typename Out>
inline constexpr bool is_writable<writer_list<S>, Out> = false;

/// All outputs of a run, which belong to the caller.
template <typename... Ss>
class outputs {
  public:
    using preparers = std::tuple<typename preparer_of<Ss>::type...>;

    explicit outputs(std::tuple<Ss&...> writers) : writers_(writers) {}

    /// @throws options_error if two outputs, or an output and an input, are one file
    void require_own_files(run_info const& run) const
    {
        std::vector<std::string> read;
        for (auto const& input : run.inputs) {
            for (auto const& file : input) read.push_back(file.filename);
        }
        std::vector<std::string> written;
        for_each([&](auto const& writer) { written.push_back(path_of(writer)); });
        require_different_files(read, written);
    }

    void open(pixel_grid const& grid)
    {
        std::size_t number = 0;
        for_each([&](auto& writer) { guarded(writer, number++, "open", [&] { writer.open(grid); }); });
    }

    /// @throws as write_output()
    template <typename Result, typename Digests>
    void write(block_info const& where, Result&& result, Digests&& digests)
    {
        if constexpr (sizeof...(Ss) == 0) {
            return;
        } else if constexpr (is_tuple<std::remove_cvref_t<Result>>) {
            [&]<std::size_t... I>(std::index_sequence<I...>) {
                (write_output(std::get<I>(writers_), where, std::move(std::get<I>(result)),
                              std::move(std::get<I>(digests)), first_number<I>()),
                 ...);
            }(std::index_sequence_for<Ss...>{});
        } else {
            write_output(std::get<0>(writers_), where, std::forward<Result>(result),
                         std::get<0>(std::forward<Digests>(digests)), 0);
        }
    }

    /// What looks at results on the threads that compute. @pre all are open
    [[nodiscard]] preparers make_preparers()
    {
        return [&]<std::size_t... I>(std::index_sequence<I...>) {
            return preparers(make_preparer(std::get<I>(writers_), first_number<I>())...);
        }(std::index_sequence_for<Ss...>{});
    }

    /// Takes in what a copy of the preparers has seen.
    void absorb(preparers& all)
    {
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (absorb_preparer(std::get<I>(writers_), std::get<I>(all), first_number<I>()), ...);
        }(std::index_sequence_for<Ss...>{});
    }

    /// Completes what belongs to the pixels.
    void finish(timing_log& log)
    {
        std::size_t number = 0;
        for_each([&]<typename S>(S& writer) {
            if constexpr (PreparingWriter<S>) guarded(writer, number, "finish", [&] { writer.finish(log); });
            ++number;
        });
    }

    /// Closes all. Where a writer can wait with its last step, it does so until all others are complete.
    void close() { close_from<0>(0); }

    /// Leaves nothing behind of what is not closed.
    void discard() noexcept
    {
        for_each([](auto& writer) {
            if constexpr (requires { writer.discard(); }) writer.discard();
        });
    }

  private:
    /// What messages count the I-th writer as, from 0, or the first member of a list: members count one by one.
    template <std::size_t I>
    [[nodiscard]] std::size_t first_number() const
    {
        auto const count = [](auto& writer) -> std::size_t {
            if constexpr (is_writer_list<std::remove_cvref_t<decltype(writer)>>) return writer.members().size();
            else return 1;
        };
        return [&]<std::size_t... K>(std::index_sequence<K...>) {
            return (std::size_t{0} + ... + count(std::get<K>(writers_)));
        }(std::make_index_sequence<I>{});
    }

    template <typename S, typename P>
    static void absorb_preparer(S& writer, P& preparer, std::size_t number)
    {
        if constexpr (is_writer_list<S>) {
            for (std::size_t i = 0; i < preparer.size(); ++i) {
                absorb_preparer(writer.members()[i], preparer[i], number + i);
            }
        } else if constexpr (PreparingWriter<S>) {
            guarded(writer, number, "finish", [&] { writer.absorb(preparer.prepare); });
        }
    }

    template <typename F>
    void for_each(F f) const
    {
        auto const each = [&f](auto& writer) {
            if constexpr (is_writer_list<std::remove_cvref_t<decltype(writer)>>) {
                for (auto& member : writer.members()) f(member);
            } else {
                f(writer);
            }
        };
        std::apply([&](auto&... writers) { (each(writers), ...); }, writers_);
    }

    /// Closes the writers from the I-th on, and of that the members from `member` on.
    template <std::size_t I>
    void close_from(std::size_t member)
    {
        if constexpr (I < sizeof...(Ss)) {
            auto& writer = std::get<I>(writers_);
            if constexpr (is_writer_list<std::remove_cvref_t<decltype(writer)>>) {
                if (member == writer.members().size()) return close_from<I + 1>(0);
                close_one(writer.members()[member], first_number<I>() + member, [&] { close_from<I>(member + 1); });
            } else {
                close_one(writer, first_number<I>(), [&] { close_from<I + 1>(0); });
            }
        }
    }

    template <typename S, typename F>
    static void close_one(S& writer, std::size_t number, F others)
    {
        if constexpr (requires { writer.close([](std::string const&) {}); }) {
            guarded(writer, number, "close", [&] { writer.close([&](std::string const&) { others(); }); });
        } else {
            others();
            guarded(writer, number, "close", [&] { writer.close(); });
        }
    }

    std::tuple<Ss&...> writers_;
};

} // namespace detail

} // namespace rios
