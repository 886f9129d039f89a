// SPDX-License-Identifier: BSL-1.0
#include <rios/aws/fargate_sizes.hpp>

#include <string>

#include <doctest/doctest.h>

#include <rios/error.hpp>

#include "support/message_of.hpp"

using rios::aws::require_fargate_size;
using rios::aws::size_of_task;
using rios::aws::task_size;

namespace {

std::string refusal(std::string const& cpu, std::string const& memory)
{
    return test::message_of<rios::options_error>([&] { require_fargate_size(size_of_task(cpu, memory)); });
}

} // namespace

TEST_CASE("processors and memory are taken in units, or as vCPU and GB")
{
    CHECK(size_of_task("4 vCPU", "32GB") == task_size{.cpu = 4096, .memory = 32768});
    CHECK(size_of_task("4096", "32768") == task_size{.cpu = 4096, .memory = 32768});
    CHECK(size_of_task("0.25vcpu", "0.5 GB") == task_size{.cpu = 256, .memory = 512});
    CHECK(size_of_task(".5 VCPU", "1 gb") == task_size{.cpu = 512, .memory = 1024});
    for (auto const* const wrong :
         {"", "four", "0", "-1", "4 CPU", "4096.5", "1e3", "99999999999", "vCPU", "nan", "inf"}) {
        CAPTURE(wrong);
        CHECK(refusal(wrong, "2GB") == "cpu '" + std::string(wrong) + "': allowed are texts like '4 vCPU' or '4096'");
        CHECK(refusal("1 vCPU", wrong) ==
              "memory '" + std::string(wrong) + "': allowed are texts like '32GB' or '32768' (MiB)");
    }
}

TEST_CASE("what Fargate has is taken, and nothing else")
{
    auto const nothing = std::string("(nothing was thrown)");
    for (auto const* const memory : {"512", "1024", "2048"}) CHECK(refusal("256", memory) == nothing);
    CHECK(refusal("0.5 vCPU", "1GB") == nothing); // what RIOS and pyshepseg take if nothing is said
    CHECK(refusal("1 vCPU", "8GB") == nothing);
    CHECK(refusal("2 vCPU", "16GB") == nothing);
    CHECK(refusal("4 vCPU", "30GB") == nothing);
    CHECK(refusal("8 vCPU", "60GB") == nothing);
    CHECK(refusal("16 vCPU", "120GB") == nothing);
    CHECK(refusal("3 vCPU", "8GB") ==
          "cpu 3072: allowed on Fargate are 256, 512, 1024, 2048, 4096, 8192 and 16384 (0.25 to 16 vCPU)");
    for (auto const* const memory : {"256", "1536", "3072", "4096"}) {
        CHECK(refusal("256", memory) ==
              "memory " + std::string(memory) + " with cpu 256: allowed on Fargate are 512, 1024 and 2048 MiB");
    }
    CHECK(refusal("4 vCPU", "4GB") ==
          "memory 4096 with cpu 4096: allowed on Fargate are 8192 to 30720 in steps of 1024 MiB");
    CHECK(refusal("4 vCPU", "31GB") ==
          "memory 31744 with cpu 4096: allowed on Fargate are 8192 to 30720 in steps of 1024 MiB");
    CHECK(refusal("4 vCPU", "8193") ==
          "memory 8193 with cpu 4096: allowed on Fargate are 8192 to 30720 in steps of 1024 MiB");
    CHECK(refusal("16 vCPU", "36GB") ==
          "memory 36864 with cpu 16384: allowed on Fargate are 32768 to 122880 in steps of 8192 MiB");
}
