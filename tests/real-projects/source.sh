# shellcheck shell=bash
# Source packages of the distribution, fetched by an APT that has its own lists and reads the machine's configuration only.

apt_directory=$scratch/apt
apt_options=(
    -o Dir::Etc::SourceList="$apt_directory/sources.list" -o Dir::Etc::SourceParts="$apt_directory/sources.list.d"
    -o Dir::State::Lists="$apt_directory/lists" -o Dir::Cache="$apt_directory/cache"
    # Left by container images: deletes the cache of the machine, whose owner the builder is not.
    -o DPkg::Post-Invoke::= -o APT::Update::Post-Invoke::=
)

# The machine's own sources, for source packages: same addresses, keys and options, sources.list(5).
prepare_apt() {
    local file
    mkdir -p "$apt_directory"/{sources.list.d,lists/partial,cache/archives/partial}
    : >"$apt_directory/sources.list"
    if [ -e /etc/apt/sources.list ]; then
        sed -n 's/^deb\(-src\)\?[[:space:]]/deb-src /p' /etc/apt/sources.list | sort -u >"$apt_directory/sources.list"
    fi
    for file in /etc/apt/sources.list.d/*.list; do
        [ ! -e "$file" ] ||
            sed -n 's/^deb\(-src\)\?[[:space:]]/deb-src /p' "$file" | sort -u >"$apt_directory/sources.list.d/${file##*/}"
    done
    for file in /etc/apt/sources.list.d/*.sources; do
        [ ! -e "$file" ] || sed 's/^Types:.*/Types: deb-src/' "$file" >"$apt_directory/sources.list.d/${file##*/}"
    done
    [ "$(id -u)" -ne 0 ] || chown -R nobody "$apt_directory"
    quietly builder apt-get "${apt_options[@]}" update
    touch "$apt_directory/ready"
}

# fetch PACKAGE: into the directory PACKAGE. Sets `version`.
fetch() {
    [ -e "$apt_directory/ready" ] || prepare_apt
    builder mkdir "fetched-$1"
    # Not --build-dep: what the few packages need is named by the parts.
    (cd "fetched-$1" && quietly builder apt-get "${apt_options[@]}" source --only-source "$1")
    version=$(sed -n 's/^Version: //p' "fetched-$1"/*.dsc)
    mv "fetched-$1"/*/ "$1"
}
