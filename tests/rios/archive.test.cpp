// SPDX-License-Identifier: BSL-1.0
#include <rios/archive.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>

#include "support/message_of.hpp"
#include "support/pixel_types.hpp"

using rios::Archivable;
using rios::byte_reader;
using rios::byte_writer;
using rios::from_bytes;
using rios::to_bytes;
using bytes = std::vector<std::byte>;

namespace {

enum class colour : std::uint8_t { red, green = 200 };

struct point {
    static constexpr bool archive_as_bytes = true;
    std::int32_t x = 0;
    std::int32_t y = 0;
    friend bool operator==(point const&, point const&) = default;
};

/// One of everything, and itself inside of itself.
class tree {
  public:
    tree() = default;
    tree(std::string name, std::vector<tree> branches) : name_(std::move(name)), branches_(std::move(branches)) {}

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.name_, self.where_, self.leaves_);
        archive(self.branches_);
    }
    friend bool operator==(tree const&, tree const&) = default;

  private:
    std::string name_;
    std::optional<point> where_ = point{3, 4};
    std::vector<std::uint16_t> leaves_ = {1, 2, 3};
    std::vector<tree> branches_;
};

/// Holds what cannot travel, and is made from what can.
class handle {
  public:
    using description_type = std::vector<std::string>;
    explicit handle(description_type paths) : paths_(std::make_shared<description_type>(std::move(paths))) {}
    [[nodiscard]] description_type description() const { return *paths_; }

  private:
    std::shared_ptr<description_type> paths_;
};

struct handle_and_more {
    handle first{{}};
    std::vector<handle> others;
    std::optional<handle> last;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.first, self.others, self.last);
    }
};

struct plain {
    int x;
};
struct says_no {
    static constexpr bool archive_as_bytes = false;
    int x;
};
struct says_yes_but_owns {
    static constexpr bool archive_as_bytes = true;
    std::string owned;
};
struct cannot_be_made {
    explicit cannot_be_made(int) {}
    template <typename Self, typename A>
    static void members(Self&, A&)
    {
    }
};
struct cannot_be_made_from_its_description {
    using description_type = std::string;
    [[nodiscard]] std::string description() const { return {}; }
    int* state = nullptr;
};
struct describes_itself_as_something_else {
    using description_type = std::string;
    explicit describes_itself_as_something_else(description_type const&) {}
    [[nodiscard]] std::vector<int> description() const { return {}; }
};

static_assert(Archivable<bool> && Archivable<char> && Archivable<double> && Archivable<std::size_t>);
static_assert(Archivable<colour> && Archivable<point> && Archivable<rios::block>);
static_assert(Archivable<std::string> && Archivable<std::vector<int>> && Archivable<std::optional<std::string>>);
static_assert(Archivable<std::vector<std::optional<std::vector<point>>>>);
static_assert(Archivable<tree> && Archivable<handle> && Archivable<handle_and_more>);
static_assert(Archivable<rios::image<float>>);
static_assert(!Archivable<int*> && !Archivable<char const*> && !Archivable<std::string_view>);
static_assert(!Archivable<std::unique_ptr<int>> && !Archivable<std::function<void()>>);
static_assert(!Archivable<std::map<int, int>> && !Archivable<std::span<int>>);
static_assert(says_yes_but_owns::archive_as_bytes); // it says so, and is no bytes all the same
static_assert(!Archivable<plain> && !Archivable<says_no> && !Archivable<says_yes_but_owns>);
static_assert(!Archivable<cannot_be_made> && !Archivable<cannot_be_made_from_its_description>);
static_assert(!Archivable<describes_itself_as_something_else>);
// What holds elements is archivable if they are, to any depth.
static_assert(!Archivable<std::vector<plain>> && !Archivable<std::optional<plain>>);
static_assert(!Archivable<std::vector<int*>> && !Archivable<std::optional<std::string_view>>);
static_assert(!Archivable<std::vector<std::optional<std::vector<says_no>>>>);
static_assert(!Archivable<std::vector<cannot_be_made>> && !Archivable<std::optional<std::map<int, int>>>);
// Its truth values have no addresses, so it has no bytes to copy; nor has what holds it.
static_assert(!Archivable<std::vector<bool>>);
static_assert(!Archivable<std::optional<std::vector<bool>>> && !Archivable<std::vector<std::vector<bool>>>);
static_assert(Archivable<std::optional<bool>> && Archivable<std::vector<std::optional<bool>>>);

// Arrays, tuples and variants are what they hold.
static_assert(Archivable<std::array<int, 3>> && Archivable<std::array<std::string, 2>>);
static_assert(Archivable<std::tuple<int, std::string, tree>> && Archivable<std::variant<int, handle>>);
static_assert(Archivable<std::tuple<>>); // has no state
static_assert(!Archivable<std::array<plain, 2>> && !Archivable<std::tuple<int, plain>>);
static_assert(!Archivable<std::variant<int, plain>> && !Archivable<std::vector<std::tuple<int, int*>>>);
// What has no state travels, what captures does not (worker_state.hpp has the workers that may).
struct nothing {};
constexpr auto captures_nothing = [](int x) { return x + 1; };
static_assert(Archivable<nothing> && Archivable<std::remove_const_t<decltype(captures_nothing)>>);
static_assert(!Archivable<decltype([x = 1] { return x; })>);

template <typename T>
T there_and_back(T const& value)
{
    return from_bytes<T>(to_bytes(value));
}

tree oak()
{
    return {"oak", {{"left", {}}, {"right", {{"twig", {}}}}}};
}

/// A count, as it stands before the elements of a vector, and some bytes.
bytes promise(std::uint64_t count, std::size_t left)
{
    auto result = to_bytes(count);
    result.resize(result.size() + left);
    return result;
}

std::string const too_few = "the data of a worker are damaged, or end too early";
std::string const too_many = "the data of a worker do not end where they should: they are damaged";

} // namespace

TEST_CASE_TEMPLATE("numbers come back bit for bit, from one end of their type to the other", T, std::uint8_t,
                   std::int8_t, std::uint16_t, std::int16_t, std::uint32_t, std::int32_t, float, double, std::uint64_t,
                   std::int64_t)
{
    using limits = std::numeric_limits<T>;
    for (T const value : {T{0}, T{1}, limits::lowest(), limits::min(), limits::max()}) {
        CHECK(there_and_back(value) == value);
    }
    CHECK(to_bytes(T{}).size() == sizeof(T));
    if constexpr (limits::has_infinity) {
        CHECK(there_and_back(limits::infinity()) == limits::infinity());
        CHECK(to_bytes(there_and_back(limits::quiet_NaN())) == to_bytes(limits::quiet_NaN()));
        CHECK(to_bytes(there_and_back(-T{0})) == to_bytes(-T{0}));
    }
}

TEST_CASE("enumerations, truth values and types that say that they are bytes come back")
{
    CHECK(there_and_back(colour::green) == colour::green);
    CHECK(there_and_back(true));
    CHECK_FALSE(there_and_back(false));
    CHECK(there_and_back(point{-5, 7}) == point{-5, 7});
    rios::block const block{.index = 9, .row = 10, .col = 20, .rows = 3, .cols = 4};
    CHECK(there_and_back(block) == block);
}

TEST_CASE("a truth value is one byte of 0 or 1, and every other byte is an error")
{
    CHECK(to_bytes(false) == bytes{std::byte{0}});
    CHECK(to_bytes(true) == bytes{std::byte{1}});
    for (unsigned value = 2; value < 256; ++value) {
        // On its own, before what an optional holds, and where it holds nothing.
        bytes const one{static_cast<std::byte>(value)};
        bytes const two{std::byte{1}, static_cast<std::byte>(value)};
        bytes const before{static_cast<std::byte>(value), std::byte{1}};
        CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<bool>(one)); }) == too_few);
        CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<std::optional<bool>>(two)); }) ==
              too_few);
        CHECK(test::message_of<rios::error>(
                  [&] { static_cast<void>(from_bytes<std::optional<std::uint8_t>>(before)); }) == too_few);
        CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<std::optional<bool>>(one)); }) ==
              too_few);
    }
    CHECK_FALSE(there_and_back(std::optional<bool>()));
    CHECK(there_and_back(std::optional(false)) == false);
    CHECK(there_and_back(std::optional(true)) == true);
}

TEST_CASE("texts, vectors and optional values come back, empty and full")
{
    CHECK(there_and_back(std::string()).empty());
    CHECK(there_and_back(std::string("with\0zero and ü", 16)) == std::string("with\0zero and ü", 16));
    CHECK(there_and_back(std::vector<double>{}).empty());
    CHECK(there_and_back(std::vector<double>{1, 2.5}) == std::vector<double>{1, 2.5});
    CHECK(there_and_back(std::vector<point>{{1, 2}, {3, 4}}) == std::vector<point>{{1, 2}, {3, 4}});
    std::vector<std::string> const texts{"", "a", "", "longer than what fits into a string itself"};
    CHECK(there_and_back(texts) == texts);
    std::vector<std::vector<std::uint8_t>> const nested{{}, {1}, {}, {2, 3}};
    CHECK(there_and_back(nested) == nested);
    CHECK_FALSE(there_and_back(std::optional<int>()));
    CHECK(there_and_back(std::optional<int>(0)) == 0);
    CHECK(there_and_back(std::optional<std::string>("")) == "");
    std::vector<std::optional<std::vector<int>>> const mixed{std::nullopt, std::vector<int>{}, std::vector<int>{7}};
    CHECK(there_and_back(mixed) == mixed);
}

TEST_CASE("types that list their members come back, to any depth")
{
    CHECK(there_and_back(oak()) == oak());
    CHECK(there_and_back(tree()) == tree());
    CHECK_FALSE(there_and_back(oak()) == tree());
}

TEST_CASE_TEMPLATE_DEFINE("images come back", T, images)
{
    rios::image<T> image(3, 4, 5);
    for (std::ptrdiff_t i = 0; i < 60; ++i) image.data()[i] = static_cast<T>(i);
    CHECK(there_and_back(image) == image);
    CHECK(there_and_back(rios::image<T>()) == rios::image<T>());
    CHECK(there_and_back(rios::image<T>(2, 0, 7)).cols() == 7);
}
TEST_CASE_TEMPLATE_APPLY(images, test::pixel_types);

TEST_CASE("what holds handles is made anew from its description, wherever it stands")
{
    handle const one({"a.tif", "b.tif"});
    CHECK(there_and_back(one).description() == one.description());
    CHECK(to_bytes(one) == to_bytes(one.description()));
    handle_and_more const several{.first = one, .others = {handle({}), handle({"c"})}, .last = handle({"d", ""})};
    auto const again = there_and_back(several);
    CHECK(again.first.description() == one.description());
    REQUIRE(again.others.size() == 2);
    CHECK(again.others[0].description().empty());
    CHECK(again.others[1].description() == std::vector<std::string>{"c"});
    REQUIRE(again.last);
    CHECK(again.last->description() == std::vector<std::string>{"d", ""});
}

TEST_CASE("arrays, tuples and variants come back, in each other and with what holds handles")
{
    std::array<std::uint16_t, 3> const numbers{1, 2, 65535};
    CHECK(there_and_back(numbers) == numbers);
    CHECK(to_bytes(numbers).size() == 6); // its size is part of its type
    std::array<std::string, 2> const texts{"", "b"};
    CHECK(there_and_back(texts) == texts);
    // The order in which members are taken is the order in which they were put, not that of a call's arguments.
    std::tuple<std::uint8_t, std::string, tree, double> const several{7, "seven", oak(), 0.5};
    CHECK(there_and_back(several) == several);
    CHECK(to_bytes(std::tuple(std::uint8_t{1}, std::uint8_t{2})) == bytes{std::byte{1}, std::byte{2}});
    using either = std::variant<std::int32_t, std::string, std::int32_t, std::vector<point>>;
    for (auto const& value : {either(std::in_place_index<0>, 5), either(std::in_place_index<1>, "text"),
                              either(std::in_place_index<2>, 5), either(std::vector<point>{{1, 2}})}) {
        CHECK(there_and_back(value) == value);
        CHECK(there_and_back(value).index() == value.index());
    }
    std::vector<std::tuple<either, std::array<std::optional<int>, 2>>> const nested{
        {either("x"), {1, std::nullopt}}, {either(std::in_place_index<2>, 9), {std::nullopt, 2}}};
    CHECK(there_and_back(nested) == nested);
    // None of these can be made without arguments.
    auto const with_handles = there_and_back(std::tuple(3, handle({"a", "b"})));
    CHECK(std::get<1>(with_handles).description() == std::vector<std::string>{"a", "b"});
    std::variant<handle, int> const one_of(handle({"c"}));
    CHECK(std::get<0>(there_and_back(one_of)).description() == std::vector<std::string>{"c"});
}

TEST_CASE("arrays, tuples and variants that are cut, or say what they cannot hold, are an error")
{
    using all_of = std::tuple<std::array<std::string, 2>, std::variant<std::uint8_t, std::string>, nothing>;
    auto const all = to_bytes(all_of({"ab", "c"}, "d", {}));
    for (std::size_t size = 0; size < all.size(); ++size) {
        auto const cut = std::span(all).first(size);
        CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<all_of>(cut)); }) == too_few);
    }
    using either = std::variant<std::uint8_t, std::string>;
    for (unsigned index = 2; index < 256; ++index) {
        bytes const damaged{static_cast<std::byte>(index), std::byte{0}};
        CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<either>(damaged)); }) == too_few);
    }
    CHECK(std::get<0>(from_bytes<either>(bytes{std::byte{0}, std::byte{9}})) == 9);
}

TEST_CASE("what has no state is a byte of 0, so that a promise of many of them costs nothing")
{
    CHECK(to_bytes(nothing()) == bytes{std::byte{0}});
    CHECK(there_and_back(captures_nothing)(4) == 5);
    CHECK(there_and_back(std::vector<nothing>(5)).size() == 5);
    CHECK(test::message_of<rios::error>([] { static_cast<void>(from_bytes<nothing>(bytes{std::byte{1}})); }) ==
          too_few);
    CHECK(test::message_of<rios::error>([] { static_cast<void>(from_bytes<std::vector<nothing>>(promise(11, 10))); }) ==
          too_few);
}

TEST_CASE("values that are appended to one run of bytes are taken in the same order")
{
    byte_writer writer;
    writer(7, std::string("seven"));
    writer();
    writer(oak(), 0.5F);
    auto const all = std::move(writer).take();
    byte_reader reader(all);
    int number = 0;
    std::string text = "something else";
    tree plant;
    reader(number, text);
    CHECK(number == 7);
    CHECK(text == "seven");
    reader(plant);
    CHECK(plant == oak());
    CHECK(reader.left() == sizeof(float));
    CHECK(reader.take<float>() == 0.5F);
    CHECK(reader.left() == 0);
}

TEST_CASE("a value that was there before is replaced as a whole")
{
    auto const all = to_bytes(std::vector<std::string>{"new"});
    std::vector<std::string> texts{"old", "older"};
    byte_reader(std::span(all))(texts);
    CHECK(texts == std::vector<std::string>{"new"});
    auto const none = to_bytes(std::optional<int>());
    std::optional<int> number = 3;
    byte_reader(std::span(none))(number);
    CHECK_FALSE(number);
}

TEST_CASE("bytes that are cut anywhere, or go on, are an error in words")
{
    auto const all = to_bytes(oak());
    for (std::size_t size = 0; size < all.size(); ++size) {
        auto const cut = std::span(all).first(size);
        CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<tree>(cut)); }) == too_few);
    }
    auto longer = all;
    longer.push_back(std::byte{0});
    CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<tree>(longer)); }) == too_many);
    CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<double>(bytes(7))); }) == too_few);
    CHECK(test::message_of<rios::error>([&] { static_cast<void>(from_bytes<double>(bytes(9))); }) == too_many);
    CHECK(test::message_of<rios::error>([] { static_cast<void>(from_bytes<handle>(bytes(3))); }) == too_few);
    CHECK(test::message_of<rios::error>([] { static_cast<void>(from_bytes<std::optional<int>>({})); }) == too_few);
}

TEST_CASE("a promise of more elements than there are bytes is an error, and no room is made for them")
{
    // An attempt to make the room would end in std::bad_alloc or std::length_error.
    for (std::uint64_t const count :
         {std::uint64_t{11}, std::uint64_t{1} << 40, std::uint64_t{1} << 61, (std::uint64_t{1} << 61) + 1,
          std::uint64_t{1} << 63, std::numeric_limits<std::uint64_t>::max()}) {
        auto const damaged = promise(count, 10);
        auto const refusal = [&](auto example) {
            return test::message_of<rios::error>([&] { static_cast<void>(from_bytes<decltype(example)>(damaged)); });
        };
        CHECK(refusal(std::string()) == too_few);
        CHECK(refusal(std::vector<std::uint8_t>()) == too_few);
        CHECK(refusal(std::vector<double>()) == too_few);
        CHECK(refusal(std::vector<point>()) == too_few);
        CHECK(refusal(std::vector<std::string>()) == too_few);
        CHECK(refusal(std::vector<std::vector<double>>()) == too_few);
        CHECK(refusal(std::vector<tree>()) == too_few);
        CHECK(refusal(handle({})) == too_few);
    }
    CHECK(from_bytes<std::string>(promise(10, 10)).size() == 10);
}

TEST_CASE("with any byte changed it is an error or another value")
{
    auto const all = to_bytes(oak());
    std::size_t refused = 0;
    std::size_t changed = 0;
    for (std::size_t at = 0; at < all.size(); ++at) {
        // Zeros and ones change places, too, so that the truth value of an optional becomes the other one.
        for (auto const flipped : {std::byte{1}, std::byte{2}, std::byte{0x80}}) {
            auto damaged = all;
            damaged[at] ^= flipped;
            try {
                changed += from_bytes<tree>(damaged) == oak() ? 0 : 1;
            } catch (rios::error const&) {
                ++refused;
            }
        }
    }
    CHECK(refused + changed == 3 * all.size());
    CHECK(refused > 10);
    CHECK(changed > 10);
}

TEST_CASE("an image of damaged bytes never claims more pixels than it has")
{
    auto const good = rios::to_bytes(rios::image<std::uint8_t>(2, 3, 4));
    for (std::size_t size = 0; size < 3; ++size) {
        for (unsigned const other : {0U, 1U, 5U, 200U, 255U}) {
            auto damaged = good;
            damaged[size * sizeof(std::ptrdiff_t)] = std::byte{static_cast<unsigned char>(other)};
            if (damaged != good)
                CHECK_THROWS_AS(static_cast<void>(rios::from_bytes<rios::image<std::uint8_t>>(damaged)), rios::error);
            damaged = good;
            damaged[size * sizeof(std::ptrdiff_t) + 7] = std::byte{0x80}; // negative
            CHECK_THROWS_AS(static_cast<void>(rios::from_bytes<rios::image<std::uint8_t>>(damaged)), rios::error);
        }
    }
    CHECK(rios::from_bytes<rios::image<std::uint8_t>>(good) == rios::image<std::uint8_t>(2, 3, 4));
}
