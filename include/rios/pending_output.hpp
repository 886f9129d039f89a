// SPDX-License-Identifier: BSL-1.0
//
// How every output file comes into being: written under a temporary name, renamed when it is complete. A failed or
// killed run leaves nothing that looks like a result, and an older result stays as it was. Used by gdal/writer.hpp.
#pragma once

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <random>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "error.hpp"

namespace rios {

namespace detail {

/// The operating system's reason as it stands in the middle of a message: "no such file or directory".
inline std::string os_reason(std::error_code const& code)
{
    auto text = code.message();
    if (!text.empty()) text[0] = static_cast<char>(std::tolower(static_cast<unsigned char>(text[0])));
    return text;
}

} // namespace detail

/// An output file that does not exist yet. The caller writes to path(), then calls commit(). Without a commit, the
/// destructor removes what was written.
///
/// path() has the final basename and lies in a private, hidden directory `.NAME.XXXXXX.tmp` beside the final path, so
/// that files written next to it (`NAME.aux.xml`, the `.ige` of a large `.img`) get their final names too; commit()
/// moves them all. A killed process leaves that directory behind; it may be deleted.
///
/// The result has the permissions of a new file. If the final path is a symbolic link, the link is replaced, and what it
/// points to stays as it was. Refused are directories, devices and pipes, and files without any write permission. Only
/// real files: a path that just one library understands (GDAL's /vsimem) cannot be renamed.
///
/// Thread rule: one thread at a time. Several processes may make the same output; the last commit wins.
class pending_output {
  public:
    /// Creates the hidden directory. A relative path is taken from the working directory of this moment.
    /// @throws io_error naming the final path and the reason: no such directory, no permission, the path is a directory
    explicit pending_output(std::filesystem::path const& final_path) : shown_(final_path.string())
    {
        namespace fs = std::filesystem;
        refuse_unsuitable_target(final_path);
        std::error_code failure;
        target_ = fs::absolute(final_path, failure);
        if (failure) throw io_error(shown_, "cannot be created: " + detail::os_reason(failure));
        // A file name may have 255 bytes; what is added to it has 12.
        auto const stem = target_.parent_path() / ("." + target_.filename().string().substr(0, 200) + ".");
        while (directory_.empty()) {
            auto const candidate = stem.string() + random_letters() + ".tmp";
            if (fs::create_directory(candidate, failure)) directory_ = candidate; // false without a failure: it exists
            if (failure) {
                auto const parent = final_path.has_parent_path() ? final_path.parent_path().string() : ".";
                throw io_error(shown_, "cannot create a file in '" + parent + "': " + detail::os_reason(failure));
            }
        }
        path_ = directory_ / target_.filename();
        // Takes away only what makes the directory public: an inherited group (set-gid bit) reaches the result.
        fs::permissions(directory_, fs::perms::group_all | fs::perms::others_all, fs::perm_options::remove, failure);
    }

    pending_output(pending_output const&) = delete;
    pending_output& operator=(pending_output const&) = delete;
    pending_output(pending_output&& other) noexcept { swap(other); }
    pending_output& operator=(pending_output&& other) noexcept
    {
        pending_output(std::move(other)).swap(*this);
        return *this;
    }
    ~pending_output()
    {
        std::error_code ignored;
        if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
    }

    /// Where to write.
    [[nodiscard]] std::filesystem::path const& path() const noexcept { return path_; }

    /// Where the result will be, as an absolute path.
    [[nodiscard]] std::filesystem::path const& final_path() const noexcept { return target_; }

    /// What a commit() now would replace or remove besides the main file, whoever made it: absolute paths.
    /// @throws io_error
    [[nodiscard]] std::vector<std::filesystem::path> sidecars_in_the_way() const
    {
        auto names = sidecar_names(target_.filename());
        for (auto& name : written_sidecars()) {
            if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(std::move(name));
        }
        std::vector<std::filesystem::path> result;
        std::error_code ignored;
        for (auto const& name : names) {
            auto path = target_.parent_path() / name;
            if (std::filesystem::exists(std::filesystem::symlink_status(path, ignored))) {
                result.push_back(std::move(path));
            }
        }
        return result;
    }

    /// Moves all files of the hidden directory to their final place, the main file last. Sidecar files of an older
    /// result that have no successor are removed: `NAME.aux.xml`, `NAME.ovr`, `NAME.msk`; `STEM.ige` and `STEM.rrd` of a
    /// `STEM.img`; the indices and texts about a `STEM.shp` (.qix, .sbn, .sbx, .idm, .ind, .cpg, .prj); the journals of a
    /// database (`NAME-journal`, `NAME-wal`, `NAME-shm`); no others.
    ///
    /// All files must be closed. Moving the main file is atomic; whoever opens it sees the older or the new one.
    /// @throws io_error naming the final path; the older main file is then still in place
    void commit()
    {
        namespace fs = std::filesystem;
        std::error_code failure;
        if (directory_.empty() || !fs::exists(fs::symlink_status(path_, failure))) {
            throw io_error(shown_, "nothing was written");
        }
        auto const destination = target_.parent_path();
        auto stale = sidecar_names(target_.filename());
        auto const sidecars = written_sidecars();
        for (auto const& name : sidecars) { // before anything is moved
            if (fs::is_directory(fs::symlink_status(destination / name, failure))) {
                throw io_error(shown_, "cannot be put in place: '" + name.string() + "' is a directory");
            }
        }
        for (auto const& name : sidecars) {
            std::erase(stale, name);
            fs::rename(directory_ / name, destination / name, failure);
            check(failure);
        }
        for (auto const& name : stale) {
            auto const status = fs::symlink_status(destination / name, failure);
            if (!fs::exists(status) || fs::is_directory(status)) continue;
            fs::remove(destination / name, failure);
            check(failure);
        }
        fs::rename(path_, target_, failure);
        check(failure);
        fs::remove(directory_, failure);
        directory_.clear();
    }

  private:
    void swap(pending_output& other) noexcept
    {
        shown_.swap(other.shown_);
        target_.swap(other.target_);
        directory_.swap(other.directory_);
        path_.swap(other.path_);
    }

    void refuse_unsuitable_target(std::filesystem::path const& target) const
    {
        namespace fs = std::filesystem;
        std::error_code ignored;
        auto const status = fs::status(target, ignored);
        if (fs::is_directory(status)) throw io_error(shown_, "cannot be created: is a directory");
        if (!target.has_filename()) throw io_error(shown_, "cannot be created: the path names no file");
        if (!fs::exists(status)) return;
        if (!fs::is_regular_file(status)) throw io_error(shown_, "cannot be replaced: is not a regular file");
        constexpr auto writable = fs::perms::owner_write | fs::perms::group_write | fs::perms::others_write;
        if ((status.permissions() & writable) == fs::perms::none) {
            throw io_error(shown_, "cannot be replaced: is read-only");
        }
    }

    /// Names of the files beside the main one.
    [[nodiscard]] std::vector<std::filesystem::path> written_sidecars() const
    {
        namespace fs = std::filesystem;
        std::error_code failure;
        std::vector<fs::path> names;
        for (fs::directory_iterator entry(directory_, failure), end; !failure && entry != end;
             entry.increment(failure)) {
            if (auto name = entry->path().filename(); name != target_.filename()) names.push_back(std::move(name));
        }
        check(failure);
        return names;
    }

    void check(std::error_code const& failure) const
    {
        if (failure) throw io_error(shown_, "cannot be put in place: " + detail::os_reason(failure));
    }

    static std::string random_letters()
    {
        std::random_device device;
        std::uniform_int_distribution<int> letter(0, 25);
        std::string letters(6, 'a');
        for (auto& each : letters) each = static_cast<char>('a' + letter(device));
        return letters;
    }

    static std::vector<std::filesystem::path> sidecar_names(std::filesystem::path const& main)
    {
        auto const with = [](std::filesystem::path name, char const* ending) { return name += ending; };
        std::vector names{with(main, ".aux.xml"), with(main, ".ovr"), with(main, ".msk"),
                          with(main, "-journal"), with(main, "-wal"), with(main, "-shm")};
        auto extension = main.extension().string();
        std::transform(extension.begin(), extension.end(), extension.begin(),
                       [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
        if (extension == ".img") {
            names.push_back(with(main.stem(), ".ige"));
            names.push_back(with(main.stem(), ".rrd"));
        }
        if (extension == ".shp") {
            for (auto const* const ending : {".qix", ".sbn", ".sbx", ".idm", ".ind", ".cpg", ".prj"}) {
                names.push_back(with(main.stem(), ending));
            }
        }
        return names;
    }

    std::string shown_; // the path as the caller gave it, for messages
    std::filesystem::path target_;
    std::filesystem::path directory_; // empty once there is nothing to clean up
    std::filesystem::path path_;
};

} // namespace rios
