// SPDX-License-Identifier: BSL-1.0
//
// Which workers this program can be in another process. C++ cannot send a function, so a worker process is the same program: each
// kind of worker that its templates are instantiated for enters itself here before main() begins.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <typeinfo>

#include "../error.hpp"
#include "served_work.hpp"

namespace rios::remote {

/// Makes a worker from its bytes.
using work_maker = std::unique_ptr<served_work> (*)(std::span<std::byte const> state);

/// Kinds of workers by the names of their types.
///
/// Thread rule: entered before main(), then only asked.
class registry {
  public:
    [[nodiscard]] static registry& instance()
    {
        static registry all;
        return all;
    }

    bool enter(std::string const& name, work_maker maker)
    {
        auto const [place, is_new] = makers_.try_emplace(name, maker);
        if (!is_new && place->second != maker) place->second = nullptr;
        return true;
    }

    /// @throws remote_error if there is no such kind, or there are two
    [[nodiscard]] std::unique_ptr<served_work> make(std::string const& name, std::span<std::byte const> state) const
    {
        auto const found = makers_.find(name);
        if (found == makers_.end()) {
            throw remote_error("this program has no worker of type " + name +
                               ": it is not the one that the main process is");
        }
        if (found->second == nullptr) {
            throw remote_error("this program has two workers of type " + name +
                               ": give one of them another name, or a namespace that has one");
        }
        return found->second(state);
    }

  private:
    std::map<std::string, work_maker> makers_;
};

namespace detail {

template <typename Work>
std::unique_ptr<served_work> make_work(std::span<std::byte const> state)
{
    return std::make_unique<Work>(state);
}

/// Enters a kind of worker, if anything asks for name() anywhere in the program.
template <typename Work>
class registration {
  public:
    [[nodiscard]] static std::string name()
    {
        static_cast<void>(entered_);
        return typeid(Work).name();
    }

  private:
    static inline bool const entered_ = registry::instance().enter(typeid(Work).name(), &make_work<Work>);
};

} // namespace detail

} // namespace rios::remote
