// SPDX-License-Identifier: BSL-1.0
// Programs that tests start as processes of their own, and that need what the test program has: `TESTS --test-program NAME`, or, as
// the libraries start them, `TESTS --rios-NAME`.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace test {

/// Enters a program under a name, to be made at namespace scope.
class test_program {
  public:
    using function = int (*)();

    test_program(std::string name, function main) { all().emplace(std::move(name), main); }

    /// The status of the program that the command line asks for, if it asks for one.
    [[nodiscard]] static std::optional<int> run_if_asked(int argc, char const* const* argv)
    {
        if (argc == 3 && std::string_view(argv[1]) == "--test-program") return all().at(argv[2])();
        if (argc == 2 && std::string_view(argv[1]).starts_with("--rios-")) return all().at(argv[1])();
        return std::nullopt;
    }

  private:
    static std::map<std::string, function>& all()
    {
        static std::map<std::string, function> programs;
        return programs;
    }
};

} // namespace test
