// SPDX-License-Identifier: BSL-1.0
//
// The addresses of this host that others may reach it by.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace rios::net {

/// The name of this host, as it calls itself.
[[nodiscard]] inline std::string host_name()
{
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
    return name.data();
}

/// Addresses of all network interfaces that are up, IPv4 first; without loopback and those of a single link. A host without
/// any other gets the loopback address.
[[nodiscard]] inline std::vector<std::string> local_addresses()
{
    std::vector<std::string> four;
    std::vector<std::string> six;
    ifaddrs* all = nullptr;
    if (::getifaddrs(&all) == 0) {
        for (auto const* each = all; each != nullptr; each = each->ifa_next) {
            if (each->ifa_addr == nullptr || (each->ifa_flags & IFF_UP) == 0 || (each->ifa_flags & IFF_LOOPBACK) != 0) {
                continue;
            }
            std::array<char, INET6_ADDRSTRLEN> text{};
            if (each->ifa_addr->sa_family == AF_INET) {
                auto const* const address = reinterpret_cast<sockaddr_in const*>(each->ifa_addr);
                if (::inet_ntop(AF_INET, &address->sin_addr, text.data(), text.size()) != nullptr)
                    four.emplace_back(text.data());
            } else if (each->ifa_addr->sa_family == AF_INET6) {
                auto const* const address = reinterpret_cast<sockaddr_in6 const*>(each->ifa_addr);
                if (IN6_IS_ADDR_LINKLOCAL(&address->sin6_addr)) continue;
                if (::inet_ntop(AF_INET6, &address->sin6_addr, text.data(), text.size()) != nullptr)
                    six.emplace_back(text.data());
            }
        }
        ::freeifaddrs(all);
    }
    four.insert(four.end(), six.begin(), six.end());
    if (four.empty()) four.emplace_back("127.0.0.1");
    return four;
}

} // namespace rios::net
