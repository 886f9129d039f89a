// SPDX-License-Identifier: BSL-1.0
//
// Values as bytes: how a worker and what it computed travel to another process and back.
#pragma once

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "error.hpp"

namespace rios {

namespace detail {

/// For concepts only: takes any members.
struct any_archive {
    template <typename... Members>
    void operator()(Members&...)
    {
    }
};

template <typename T>
inline constexpr bool is_vector = false;
template <typename T, typename A>
inline constexpr bool is_vector<std::vector<T, A>> = !std::same_as<T, bool>; // that one has no elements in memory
template <typename T>
inline constexpr bool is_optional = false;
template <typename T>
inline constexpr bool is_optional<std::optional<T>> = true;

template <typename T>
inline constexpr bool is_archived_array = false;
template <typename T, std::size_t N>
    requires(N > 0)
inline constexpr bool is_archived_array<std::array<T, N>> = true;
template <typename T>
inline constexpr bool is_archived_tuple = false;
template <typename... Ts>
    requires(sizeof...(Ts) > 0)
inline constexpr bool is_archived_tuple<std::tuple<Ts...>> = true;

template <typename T>
inline constexpr bool is_archived_variant = false;
template <typename... Ts>
    requires(sizeof...(Ts) < 256)
inline constexpr bool is_archived_variant<std::variant<Ts...>> = true;

/// Has no state: an empty structure, a function object without captures.
template <typename T>
concept Stateless = std::is_empty_v<T> && std::is_trivially_copyable_v<T> && std::default_initializable<T> &&
                    !requires { typename T::description_type; };

template <typename T>
concept ListsMembers =
    std::default_initializable<T> && requires(T& value, any_archive& archive) { T::members(value, archive); };

/// Whose bytes are its value: numbers, enumerations, and types that say so of themselves (they hold no pointers).
template <typename T>
concept ArchivedAsBytes = std::is_arithmetic_v<T> || std::is_enum_v<T> ||
                          (std::is_trivially_copyable_v<T> && requires { requires T::archive_as_bytes; });

template <typename T>
concept Described = requires(T const& value, typename T::description_type description) {
    {
        value.description()
    } -> std::convertible_to<typename T::description_type>;
    T(std::move(description));
};

template <typename T>
constexpr bool archivable()
{
    if constexpr (is_vector<T> || is_optional<T> || is_archived_array<T>) {
        return archivable<typename T::value_type>();
    } else if constexpr (is_archived_tuple<T> || is_archived_variant<T>) {
        return []<template <typename...> typename Several, typename... Ts>(Several<Ts...> const*) {
            return (archivable<Ts>() && ...);
        }(static_cast<T const*>(nullptr));
    } else {
        if constexpr (Described<T> && !ListsMembers<T>) return archivable<typename T::description_type>();
        else return std::same_as<T, std::string> || ListsMembers<T> || ArchivedAsBytes<T> || Stateless<T>;
    }
}

} // namespace detail

/// What can be turned into bytes and back:
/// - numbers and enumerations, and trivially copyable types that have `static constexpr bool archive_as_bytes = true`, as
///   they hold no pointers: their bytes, so only between machines of one architecture, or of all that have 64 bits and the
///   lowest byte first if they also have `static constexpr bool archive_is_portable = true` (members of fixed width, no gaps);
/// - std::string, and std::vector, std::array, std::optional, std::tuple and std::variant of archivable types;
/// - what has no state: function objects without captures, empty structures;
/// - a type with `template <typename Self, typename A> static void members(Self& self, A& archive)`, which calls
///   `archive(self.first, self.second, ...)` with archivable members (others do not compile), and which can be made
///   without arguments; if it has `bool valid() const`, that is asked about what arrives;
/// - a type that holds handles: `description_type description() const` says in an archivable value what to make it from,
///   and it can be made from that.
template <typename T>
concept Archivable = detail::archivable<T>();

namespace detail {

/// Appends values that are bytes to a vector: in pieces that fit into the processor's cache, as resize() sets what is set again
/// at once, and not by insert(), which goes element by element where a vector has an allocator of its own.
template <typename V>
void append_bytes(V& to, void const* from, std::size_t count)
{
    using element = typename V::value_type;
    constexpr auto piece = std::max<std::size_t>(1, (std::size_t{64} << 10) / sizeof(element));
    auto const* begin = static_cast<std::byte const*>(from);
    if (to.capacity() - to.size() < count) to.reserve(to.size() + std::max(count, to.size()));
    while (count > 0) {
        auto const had = to.size();
        auto const next = std::min(count, piece);
        to.resize(had + next);
        std::memcpy(to.data() + had, begin, next * sizeof(element));
        begin += next * sizeof(element);
        count -= next;
    }
}

} // namespace detail

/// Appends values to a run of bytes. @tparam Bytes a vector of std::byte
template <typename Bytes>
class basic_byte_writer {
  public:
    basic_byte_writer() = default;
    /// Begins behind so many bytes that somebody else sets.
    explicit basic_byte_writer(std::size_t skipped) : bytes_(skipped) {}

    template <Archivable... Ts>
    void operator()(Ts const&... values)
    {
        (put(values), ...);
    }

    /// Bytes that have been made already. @param all of them
    void append(std::span<std::byte const> all) { append(all.data(), all.size()); }

    [[nodiscard]] Bytes take() && { return std::move(bytes_); }

  private:
    template <typename T>
    void put(T const& value)
    {
        if constexpr (detail::ListsMembers<T>) {
            T::members(value, *this);
        } else if constexpr (detail::Described<T>) {
            put(value.description());
        } else if constexpr (detail::is_optional<T>) {
            put(value.has_value());
            if (value) put(*value);
        } else if constexpr (detail::is_archived_array<T>) {
            for (auto const& each : value) put(each);
        } else if constexpr (detail::is_archived_tuple<T>) {
            std::apply([this](auto const&... each) { (this->put(each), ...); }, value);
        } else if constexpr (detail::is_archived_variant<T>) {
            put(static_cast<std::uint8_t>(value.index()));
            std::visit([this](auto const& each) { this->put(each); }, value);
        } else if constexpr (detail::Stateless<T>) {
            put(std::uint8_t{0}); // so that everything takes a byte at least
        } else if constexpr (detail::is_vector<T> || std::same_as<T, std::string>) {
            put(static_cast<std::uint64_t>(value.size()));
            if constexpr (detail::ArchivedAsBytes<typename T::value_type>) {
                append(value.data(), value.size() * sizeof(typename T::value_type));
            } else {
                for (auto const& each : value) put(each);
            }
        } else {
            append(&value, sizeof value);
        }
    }

    void append(void const* data, std::size_t size) { detail::append_bytes(bytes_, data, size); }

    Bytes bytes_;
};

using byte_writer = basic_byte_writer<std::vector<std::byte>>;

/// Bytes that are not those that a byte_writer made.
class damaged_data : public error {
  public:
    using error::error;
};

/// Takes values from a run of bytes in the order in which they were appended. Bytes that end too early are an error, never
/// an attempt to make room for what they promise.
class byte_reader {
  public:
    /// @param bytes must outlive the reader
    explicit byte_reader(std::span<std::byte const> bytes) : rest_(bytes) {}

    /// @throws damaged_data if there are too few bytes, or they mean nothing
    template <Archivable... Ts>
    void operator()(Ts&... values)
    {
        (get(values), ...);
    }

    [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }
    /// The bytes that are left.
    [[nodiscard]] std::span<std::byte const> rest() const noexcept { return rest_; }

    template <Archivable T>
    [[nodiscard]] T take()
    {
        if constexpr (detail::is_archived_tuple<T>) {
            return take_tuple(static_cast<T const*>(nullptr));
        } else if constexpr (detail::is_archived_variant<T>) {
            return take_variant<T>(take<std::uint8_t>());
        } else if constexpr (detail::ListsMembers<T> || !detail::Described<T>) {
            T value{};
            get(value);
            return value;
        } else {
            return T(take<typename T::description_type>());
        }
    }

  private:
    template <typename... Ts>
    std::tuple<Ts...> take_tuple(std::tuple<Ts...> const*)
    {
        return std::tuple<Ts...>{take<Ts>()...}; // in this order, as they stand in braces
    }

    template <typename T, std::size_t I = 0>
    T take_variant(std::size_t index)
    {
        if constexpr (I == std::variant_size_v<T>) {
            fail();
        } else {
            if (index == I) return T(std::in_place_index<I>, take<std::variant_alternative_t<I, T>>());
            return take_variant<T, I + 1>(index);
        }
    }

    template <typename T>
    void get(T& value)
    {
        if constexpr (detail::ListsMembers<T>) {
            T::members(value, *this);
            if constexpr (requires { value.valid(); }) {
                if (!value.valid()) fail();
            }
        } else if constexpr (detail::is_archived_array<T>) {
            for (auto& each : value) get(each);
        } else if constexpr (detail::Described<T> || detail::is_archived_tuple<T> || detail::is_archived_variant<T>) {
            value = take<T>();
        } else if constexpr (detail::Stateless<T>) {
            if (take<std::uint8_t>() != 0) fail();
        } else if constexpr (detail::is_optional<T>) {
            if (take<bool>()) value.emplace(take<typename T::value_type>());
            else value.reset();
        } else if constexpr (detail::is_vector<T> || std::same_as<T, std::string>) {
            get_elements(value);
        } else if constexpr (std::same_as<T, bool>) {
            auto const byte = take<std::uint8_t>();
            if (byte > 1) fail();
            value = byte == 1;
        } else {
            copy(&value, sizeof value);
        }
    }

    template <typename T>
    void get_elements(T& value)
    {
        using element = typename T::value_type;
        auto const size = take<std::uint64_t>();
        value.clear();
        if constexpr (detail::ArchivedAsBytes<element>) {
            if (size > rest_.size() / sizeof(element)) fail();
            auto const count = static_cast<std::size_t>(size);
            detail::append_bytes(value, rest_.data(), count);
            rest_ = rest_.subspan(count * sizeof(element));
        } else {
            if (size > rest_.size()) fail(); // every element takes at least a byte
            for (std::uint64_t i = 0; i < size; ++i) value.push_back(take<element>());
        }
    }

    void copy(void* to, std::size_t size)
    {
        if (size > rest_.size()) fail();
        if (size > 0) std::memcpy(to, rest_.data(), size);
        rest_ = rest_.subspan(size);
    }

    [[noreturn]] static void fail() { throw damaged_data("the data of a worker are damaged, or end too early"); }

    std::span<std::byte const> rest_;
};

/// The bytes of one value.
template <Archivable T>
[[nodiscard]] std::vector<std::byte> to_bytes(T const& value)
{
    byte_writer writer;
    writer(value);
    return std::move(writer).take();
}

/// The value that gave these bytes. @throws damaged_data if there are too few or too many of them
template <Archivable T>
[[nodiscard]] T from_bytes(std::span<std::byte const> bytes)
{
    byte_reader reader(bytes);
    auto value = reader.template take<T>();
    if (reader.left() != 0) throw damaged_data("the data of a worker do not end where they should: they are damaged");
    return value;
}

} // namespace rios
