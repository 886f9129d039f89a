// SPDX-License-Identifier: BSL-1.0
#include <rios/archive_portability.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <doctest/doctest.h>

#include <rios/block.hpp>
#include <rios/image.hpp>
#include <rios/worker_state.hpp>

namespace {

using rios::detail::is_portable_archive;

/// May have gaps between its members, of other sizes elsewhere.
struct bytes_of_here {
    static constexpr bool archive_as_bytes = true;
    char a = 0;
    long b = 0;
};
struct bytes_of_everywhere {
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = true;
    std::int32_t a = 0;
};
struct says_that_it_is_not {
    static constexpr bool archive_as_bytes = true;
    static constexpr bool archive_is_portable = false;
    std::int32_t a = 0;
};

static_assert(rios::Archivable<bytes_of_here> && rios::Archivable<bytes_of_everywhere>);
static_assert(rios::Archivable<says_that_it_is_not>);

template <typename Member>
struct lists {
    std::string name;
    Member member{};
    int last = 0;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.name);
        archive(self.member, self.last);
    }
};

struct tree_of_here {
    std::vector<tree_of_here> branches;
    bytes_of_here leaf;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.branches, self.leaf);
    }
};
struct tree {
    std::vector<tree> branches;

    template <typename Self, typename A>
    static void members(Self& self, A& archive)
    {
        archive(self.branches);
    }
};

template <typename Description>
struct described {
    using description_type = Description;
    explicit described(Description) {}
    [[nodiscard]] Description description() const { return {}; }
};

struct nothing {};
enum class colour : std::uint8_t { red };

} // namespace

TEST_CASE("numbers, texts, and what is made of them mean the same everywhere")
{
    CHECK(is_portable_archive<double>());
    CHECK(is_portable_archive<std::size_t>());
    CHECK(is_portable_archive<bool>());
    CHECK(is_portable_archive<colour>());
    CHECK(is_portable_archive<std::string>());
    CHECK(is_portable_archive<nothing>());
    CHECK(is_portable_archive<std::vector<std::optional<std::array<float, 3>>>>());
    CHECK(is_portable_archive<std::tuple<int, std::variant<std::string, colour>>>());
    CHECK(is_portable_archive<lists<std::vector<int>>>());
    CHECK(is_portable_archive<described<std::vector<std::string>>>());
    CHECK(is_portable_archive<bytes_of_everywhere>());
    CHECK(is_portable_archive<rios::image<std::uint8_t>>());
    CHECK(is_portable_archive<rios::block>());
    CHECK(is_portable_archive<tree>());
}

TEST_CASE("one member that does not makes the whole a matter of one architecture, however deep it is")
{
    CHECK_FALSE(is_portable_archive<long double>());
    CHECK_FALSE(is_portable_archive<bytes_of_here>());
    CHECK_FALSE(is_portable_archive<says_that_it_is_not>());
    CHECK_FALSE(is_portable_archive<std::vector<bytes_of_here>>());
    CHECK_FALSE(is_portable_archive<std::optional<bytes_of_here>>());
    CHECK_FALSE(is_portable_archive<std::array<bytes_of_here, 1>>());
    CHECK_FALSE(is_portable_archive<std::tuple<int, bytes_of_here>>());
    CHECK_FALSE(is_portable_archive<std::variant<int, bytes_of_here>>());
    CHECK_FALSE(is_portable_archive<lists<bytes_of_here>>());
    CHECK_FALSE(is_portable_archive<lists<lists<std::vector<bytes_of_here>>>>());
    CHECK_FALSE(is_portable_archive<described<std::vector<bytes_of_here>>>());
    CHECK_FALSE(is_portable_archive<tree_of_here>());
    CHECK_FALSE(is_portable_archive<lists<tree_of_here>>());
    CHECK_FALSE(is_portable_archive<tree_of_here>()); // the same when it is asked again
}
