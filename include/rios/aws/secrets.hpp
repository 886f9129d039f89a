// SPDX-License-Identifier: BSL-1.0
//
// Keeps secrets out of messages: AWS repeats what it was sent, in the reasons it gives.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "credentials.hpp"

namespace rios::aws::detail {

/// Texts that no message may show.
class secret_texts {
  public:
    /// Texts of less than four characters are no secrets, and may stand anywhere.
    void add(std::string const& text)
    {
        if (text.size() < 4 || std::find(texts_.begin(), texts_.end(), text) != texts_.end()) return;
        texts_.push_back(text);
        std::stable_sort(texts_.begin(), texts_.end(), // none is left over because a part of it was hidden first
                         [](auto const& a, auto const& b) { return a.size() > b.size(); });
    }
    void add(credentials const& who)
    {
        add(who.secret_key);
        add(who.session_token);
    }
    /// The values of variables and parameters, and what secrets hold, in the arguments of a call.
    // NOLINTNEXTLINE(misc-no-recursion): a tree is read so
    void add_values_in(nlohmann::json const& arguments)
    {
        if (!arguments.is_structured()) return;
        for (auto const& [name, value] : arguments.items()) {
            bool const is_value = arguments.is_object() && (name == "value" || name == "Value" ||
                                                            name == "SecretString" || name == "SecretBinary");
            if (is_value && value.is_string()) {
                auto const& text = value.get_ref<std::string const&>();
                auto const quoted = value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
                add(text);
                add(quoted.substr(1, quoted.size() - 2)); // as a message repeats the request
            } else {
                add_values_in(value);
            }
        }
    }

    /// A text with stars in the place of secrets, as one line of bounded length.
    [[nodiscard]] std::string hidden_in(std::string text) const
    {
        constexpr std::size_t most = 1000;
        for (auto const& each : texts_) {
            for (std::size_t at = 0; (at = text.find(each, at)) != std::string::npos; at += 3) {
                text.replace(at, each.size(), "***");
            }
        }
        for (auto& c : text) {
            if (static_cast<unsigned char>(c) < ' ') c = ' ';
        }
        if (text.size() > most) {
            auto end = most;
            while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0U) == 0x80U) --end; // no half of a character
            text.resize(end);
            text += "...";
        }
        return text;
    }

  private:
    std::vector<std::string> texts_;
};

} // namespace rios::aws::detail
