// SPDX-License-Identifier: BSL-1.0
//
// statistics_worker.hpp with what it needs to work in another process: there the sizes of the segments come out of the file's
// histogram again, or were sent along. Used by gdal/segment_statistics.hpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <rios/block_info.hpp>
#include <rios/error.hpp>
#include <rios/image.hpp>
#include <rios/pixel_type.hpp>

#include "../segment_sizes.hpp"
#include "../statistics_plan.hpp"
#include "../statistics_worker.hpp"
#include "segment_sizes.hpp"

namespace shepseg {

/// A rios::ComputeWorker.
template <rios::Pixel T, typename... Functions>
class file_statistics_worker {
  public:
    using plan_type = statistics_plan<T, Functions...>;

    /// @param labels the file whose histogram the sizes are from; empty if they were counted
    file_statistics_worker(std::shared_ptr<plan_type const> plan, segment_sizes sizes, std::string labels,
                           std::shared_ptr<complete_segments<T>> complete)
        : plan_(std::move(plan)), sizes_(std::move(sizes)), labels_(std::move(labels)),
          worker_(plan_, sizes_, std::move(complete))
    {
    }

    /// How it travels to another process: counted sizes take 8 bytes for each label there.
    using description_type = std::tuple<typename plan_type::description_type, std::string, std::vector<std::uint64_t>>;
    [[nodiscard]] description_type description() const
        requires requires(plan_type const& plan) { plan.description(); }
    {
        return {plan_->description(), labels_, labels_.empty() ? sizes_.all() : std::vector<std::uint64_t>()};
    }
    /// @throws rios::io_error; rios::error if the file has no histogram any more
    explicit file_statistics_worker(description_type what)
        requires std::is_constructible_v<plan_type, typename plan_type::description_type>
        : file_statistics_worker(std::make_shared<plan_type const>(std::get<0>(what)), sizes_from(what),
                                 std::get<1>(what), std::make_shared<complete_segments<T>>())
    {
    }

    [[nodiscard]] block_statistics<T> operator()(rios::block_info const& where,
                                                 rios::image<std::uint32_t> const& labels, rios::image<T> const& pixels)
    {
        return worker_(where, labels, pixels);
    }

  private:
    static segment_sizes sizes_from(description_type& what)
    {
        auto const& labels = std::get<1>(what);
        if (labels.empty()) return segment_sizes(std::move(std::get<2>(what)));
        auto sizes = sizes_of_histogram(rios::gdal_dataset::open(labels));
        if (!sizes) throw rios::io_error(labels, "has no histogram any more");
        return *std::move(sizes);
    }

    std::shared_ptr<plan_type const> plan_;
    segment_sizes sizes_;
    std::string labels_;
    statistics_worker<T, Functions...> worker_;
};

} // namespace shepseg
