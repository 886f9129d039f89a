// SPDX-License-Identifier: BSL-1.0
// An environment variable for the time of a scope.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace test {

/// Thread rule: while no other thread looks at the environment.
class environment_variable {
  public:
    environment_variable(std::string name, std::string const& text) : name_(std::move(name))
    {
        if (auto const* const before = std::getenv(name_.c_str())) before_ = before;
        ::setenv(name_.c_str(), text.c_str(), 1);
    }
    environment_variable(environment_variable const&) = delete;
    environment_variable& operator=(environment_variable const&) = delete;
    ~environment_variable()
    {
        if (before_) ::setenv(name_.c_str(), before_->c_str(), 1);
        else ::unsetenv(name_.c_str());
    }

  private:
    std::string name_;
    std::optional<std::string> before_;
};

} // namespace test
