// SPDX-License-Identifier: BSL-1.0
//
// What AWS refuses, and why, out of the answers of its three protocols.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <utility>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <nlohmann/json.hpp>

#include "../error.hpp"
#include "http.hpp"

namespace rios::aws {

/// A call of AWS that failed: "AWS ecs RunTask: ClusterNotFoundException: Cluster not found." No message shows a secret.
class aws_error : public remote_error {
  public:
    aws_error(std::string const& text, std::string code, long status)
        : remote_error(text), code_(std::move(code)), status_(status)
    {
    }

    /// What AWS calls it: "ClusterNotFoundException"; empty if AWS did not say, or was not reached.
    [[nodiscard]] std::string const& code() const noexcept { return code_; }

    /// HTTP status; 0 if nothing was answered.
    [[nodiscard]] long status() const noexcept { return status_; }

  private:
    std::string code_;
    long status_;
};

namespace detail {

/// XML as a tree, texts as they are; none if it is not well-formed.
[[nodiscard]] inline std::optional<boost::property_tree::ptree> parsed_xml(std::string const& text)
{
    namespace pt = boost::property_tree;
    if (text.empty()) return std::nullopt;
    std::istringstream stream(text);
    pt::ptree tree;
    try {
        pt::read_xml(stream, tree, pt::xml_parser::no_comments);
    } catch (pt::xml_parser_error const&) {
        return std::nullopt;
    }
    return tree;
}

/// What an answer that is not good says of the reason.
struct refusal {
    std::string code{};
    std::string message{};
};

/// The first elements <Code> and <Message> anywhere in a tree: protocols wrap them differently.
// NOLINTNEXTLINE(misc-no-recursion): a tree is read so
inline void take_refusal(boost::property_tree::ptree const& tree, refusal& found)
{
    for (auto const& [name, child] : tree) {
        if (name == "Code" && found.code.empty()) found.code = child.data();
        else if (name == "Message" && found.message.empty()) found.message = child.data();
        else take_refusal(child, found);
    }
}

/// @param answer JSON with "__type" or "code" and "message", the header x-amzn-ErrorType, or XML with <Code> and <Message>
[[nodiscard]] inline refusal refusal_in(http_answer const& answer)
{
    refusal result;
    auto const json = nlohmann::json::parse(answer.body, nullptr, false);
    if (json.is_object()) {
        auto const first_of = [&](std::initializer_list<char const*> names) {
            for (auto const* const name : names) {
                auto const found = json.find(name);
                if (found != json.end() && found->is_string()) return found->get<std::string>();
            }
            return std::string();
        };
        result = {.code = first_of({"__type", "code", "Code"}), .message = first_of({"message", "Message"})};
    } else if (auto const tree = parsed_xml(answer.body)) {
        take_refusal(*tree, result);
    }
    if (auto const type = answer.headers.find("x-amzn-errortype");
        result.code.empty() && type != answer.headers.end()) {
        result.code = type->second;
    }
    // "com.amazonaws.ecs#ClientException", "ClientException:http://internal.amazon.com/..."
    result.code.erase(std::min(result.code.find(':'), result.code.size()));
    result.code.erase(0, result.code.find('#') + 1);
    return result;
}

} // namespace detail

} // namespace rios::aws
