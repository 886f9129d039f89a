// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/client.hpp>
#include <rios/error.hpp>

#include <iostream>

int main()
{
    // Nobody listens there.
    rios::aws::client client(
        {.region = "us-east-1",
         .given = rios::aws::credentials{.access_key = "A", .secret_key = "S", .session_token = ""},
         .endpoint = "http://127.0.0.1:1",
         .attempts = 1});
    try {
        client.call("ecs", "ListClusters", {});
    } catch (rios::aws::aws_error const& error) {
        std::cout << error.what() << '\n';
        return error.status() == 0 ? 0 : 1;
    }
    return 1;
}
