// SPDX-License-Identifier: BSL-1.0
#include <shepseg/gdal/segment_attributes.hpp>

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "support/message_of.hpp"
#include "support/raster_files.hpp"
#include "support/tables.hpp"
#include "support/temporary_directory.hpp"
#include "support/vector_files.hpp"

using shepseg::attributes_of_raster;
using shepseg::attributes_of_table;
using test::message_of;
using test::temporary_directory;

namespace {

/// Features with the fields of some attributes, and one more before them.
class feature_type {
  public:
    explicit feature_type(shepseg::segment_attributes& attributes) : attributes_(&attributes)
    {
        definition_->Reference();
        OGRFieldDefn first("first", OFTInteger);
        definition_->AddFieldDefn(&first);
        for (auto const& field : attributes.fields()) {
            OGRFieldDefn made(field.name.c_str(), field.type);
            definition_->AddFieldDefn(&made);
            places_.push_back(definition_->GetFieldCount() - 1);
        }
    }
    feature_type(feature_type const&) = delete;
    feature_type& operator=(feature_type const&) = delete;
    ~feature_type() { definition_->Release(); }

    /// The attributes of a segment as text: "1.5 null unset"; "unknown".
    std::string operator()(std::uint32_t segment)
    {
        OGRFeature feature(definition_);
        if (!attributes_->fill(feature, places_, segment)) return "unknown";
        std::string text;
        for (int const place : places_) {
            text += text.empty() ? "" : " ";
            text += feature.IsFieldSet(place) == FALSE    ? "unset"
                    : feature.IsFieldNull(place) != FALSE ? "null"
                                                          : feature.GetFieldAsString(place);
        }
        return text;
    }

  private:
    shepseg::segment_attributes* attributes_;
    OGRFeatureDefn* definition_ = new OGRFeatureDefn("a");
    std::vector<int> places_;
};

std::string types_of(shepseg::segment_attributes const& attributes)
{
    std::string text;
    for (auto const& field : attributes.fields()) {
        text += field.name + ' ' + OGRFieldDefn::GetFieldTypeName(field.type) + ' ';
    }
    return text;
}

} // namespace

TEST_CASE("the attributes of a raster are the rows of its table, in any order of the segments")
{
    temporary_directory const folder;
    auto const path = test::make_tableless(folder, {"HFA", ".img"}, "a", GDT_UInt32);
    test::add_columns_of_all_types(path, 5000); // several pages
    auto const file = rios::gdal_dataset::open(path);
    attributes_of_raster attributes(file);
    CHECK(types_of(attributes) == "mean Real code Integer kind String ");
    CHECK_FALSE(attributes.described());
    feature_type attributes_of(attributes);
    CHECK(attributes_of(4999) == "2499.5 -4999 kind 4999");
    CHECK(attributes_of(1) == "0.5 -1 kind 1");
    CHECK(attributes_of(2048) == "1024 -2048 kind 2048");
    CHECK(attributes_of(2047) == "1023.5 -2047 kind 2047");
    CHECK(attributes_of(5000) == "unknown");
    CHECK(attributes_of(4294967295) == "unknown");
}

TEST_CASE("a raster without a table says nothing")
{
    temporary_directory const folder;
    auto const file = rios::gdal_dataset::open(test::make_tableless(folder, {"GTiff", ".tif"}));
    attributes_of_raster attributes(file);
    CHECK(attributes.fields().empty());
    CHECK(feature_type(attributes)(1) == "unknown");
}

TEST_CASE("the attributes of a table are joined by its column id, with the types that its values have")
{
    temporary_directory const folder;
    std::ofstream(folder / "t.csv") << "mean,id,code,kind\n1.5,7,1,a\n,4294967295,3000000000,b b\n9,0,5,null\n2,3,,\n";
    attributes_of_table attributes(folder / "t.csv", "", folder.path());
    CHECK(types_of(attributes) == "mean Real code Integer64 kind String ");
    CHECK(attributes.described() == 3U); // 0 is no segment
    feature_type attributes_of(attributes);
    CHECK(attributes_of(7) == "1.5 1 a");
    CHECK(attributes_of(3).starts_with("2 "));
    CHECK(attributes_of(4294967295).ends_with(" 3000000000 b b"));
    CHECK(attributes_of(0) == "unknown");
    CHECK(attributes_of(8) == "unknown");
    CHECK(folder.names() == std::set<std::string>{"t.csv"}); // the scratch file has no name
}

TEST_CASE("a table may be open already, and is not needed any more afterwards")
{
    temporary_directory const folder;
    std::ofstream(folder / "t.csv") << "id,v\n1,2\n";
    std::optional<rios::vector_dataset> table(shepseg::detail::open_table(folder / "t.csv"));
    attributes_of_table attributes(*table, "", folder.path());
    table.reset();
    CHECK(feature_type(attributes)(1) == "2");
}

TEST_CASE("tables that cannot be joined are refused, with the row and the value")
{
    temporary_directory const folder;
    auto const path = folder / "t.csv";
    auto const refusal = [&](std::string const& text, std::string const& layer = "") {
        std::ofstream(path) << text;
        return message_of<rios::options_error>([&] { attributes_of_table{path, layer, folder.path()}; });
    };
    auto const wrong_row = [&](std::string const& text) {
        std::ofstream(path) << text;
        return message_of<rios::io_error>([&] { attributes_of_table{path, "", folder.path()}; });
    };
    auto const allowed = " in the column 'id'; allowed: numbers of segments, whole and up to 4294967295";
    CHECK(refusal("a,b\n1,2\n") ==
          path + ": layer 't' has no column 'id' with the numbers of the segments; its columns: 'a', 'b'");
    CHECK(wrong_row("id,b\n1,2\n-3,2\n") == path + ": row 2 has -3" + allowed);
    CHECK(wrong_row("id,b\n1.5,2\n") == path + ": row 1 has '1.5'" + allowed);
    CHECK(wrong_row("id,b\n1,2\n,2\n") == path + ": row 2 has none" + allowed);
    CHECK(wrong_row("id,b\n4,2\n4,2\n") ==
          path + ": the id 4 stands in several rows; each segment must have one row at most");
    CHECK(refusal("id,b\n1,2\n", "u").find("no layer 'u'; its layers: 't'") != std::string::npos);
    test::make_vectors(folder / "two.gpkg", {{.name = "a"}, {.name = "b"}});
    CHECK(message_of<rios::options_error>([&] {
              attributes_of_table{folder / "two.gpkg", "", folder.path()};
          }) == folder / "two.gpkg: has several layers; name one of 'a', 'b'");
}

TEST_CASE("reading a table is cancelled by progress")
{
    temporary_directory const folder;
    std::ofstream text(folder / "t.csv");
    text << "id,v\n";
    for (int row = 1; row <= 10'000; ++row) text << row << ",2\n";
    text.close();
    CHECK_THROWS_AS(attributes_of_table(folder / "t.csv", "", folder.path(),
                                        [](std::string_view phase, double) { return phase != "table"; }),
                    rios::cancelled);
}
