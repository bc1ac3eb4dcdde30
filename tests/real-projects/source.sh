# shellcheck shell=bash
# Packages of the distribution, fetched by an APT that has lists and a cache of its own and only reads the machine's.

apt_directory=$scratch/apt
apt_options=(
    -o Dir::Etc::SourceList="$apt_directory/sources.list" -o Dir::Etc::SourceParts="$apt_directory/sources.list.d"
    -o Dir::State::Lists="$apt_directory/lists" -o Dir::Cache="$apt_directory/cache"
)

# The machine's own sources, for source packages as well: same addresses, keys and options, sources.list(5).
prepare_apt() {
    local file
    mkdir -p "$apt_directory"/{sources.list.d,lists/partial,cache/archives/partial}
    for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
        [ ! -e "$file" ] || sed -n 's/^deb\(-src\)\?[[:space:]]\(.*\)/deb \2\ndeb-src \2/p' "$file"
    done | sort -u >"$apt_directory/sources.list"
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -e "$file" ] || sed 's/^Types:.*/Types: deb deb-src/' "$file" >"$apt_directory/sources.list.d/${file##*/}"
    done
    [ "$(id -u)" -ne 0 ] || chown -R nobody "$apt_directory"
    quietly builder apt-get "${apt_options[@]}" update
    touch "$apt_directory/ready"
}

# apt ARGUMENT...: that APT, in the current directory.
apt() {
    [ -e "$apt_directory/ready" ] || prepare_apt
    quietly builder apt-get "${apt_options[@]}" "$@"
}

# fetch PACKAGE: its source, into the directory PACKAGE. Sets `version`.
fetch() {
    builder mkdir "fetched-$1"
    (cd "fetched-$1" && apt source --only-source "$1")
    version=$(sed -n 's/^Version: //p' "fetched-$1"/*.dsc)
    mv "fetched-$1"/*/ "$1"
}
