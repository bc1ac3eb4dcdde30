# shellcheck shell=bash
# A project that was built once is installed by GNU install, then by swapbin; the trees have to be the same.

# install_into TREE PATH INSTALL [VARIABLE=VALUE...]: `make install` there, traced; with an empty INSTALL as it was configured.
# Keeps the mark of a tree that exists.
install_into() {
    local tree=$PWD/$1 path=$2 install=$3
    shift 3
    [ -e "$tree.mark" ] || mark "$tree.mark"
    quietly traced env PATH="$path" "$@" make -C project install DESTDIR="$tree" ${install:+INSTALL="$install"} "${make_variables[@]}"
}

# by_swapbin TREE WORDS PATH INSTALL [VARIABLE=VALUE...]: the same with swapbin; as often as GNU install was called.
by_swapbin() {
    local tree=$1 words=$2
    shift 2
    install_into "$tree" "$@"
    [ "$(gnu_calls)" -eq 0 ] || failed "$words: GNU install was called $(gnu_calls) times as well"
    [ "$(swapbin_calls)" -eq "$wanted_calls" ] || failed "$words: swapbin was called $(swapbin_calls) times, not $wanted_calls"
    same_trees gnu "$PWD/gnu.mark" "$tree" "$PWD/$tree.mark"
    passed "$words"
}

# compare_installations LEAST [OPTION...]: of `project`, with these options of install(1) in every form. LEAST is the number of
# calls below which the comparison would say little. Variables for make are in the array make_variables.
compare_installations() {
    local least=$1 options=${*:2}
    install_into gnu "$plain_path" "install${options:+ $options}"
    wanted_calls=$(gnu_calls)
    [ "$wanted_calls" -ge "$least" ] || failed "the project calls install only $wanted_calls times"
    echo "   $part: $package $version, install called $wanted_calls times, $(find gnu -type f | wc -l) files," \
        "$(find gnu -mindepth 1 | wc -l) names compared"

    by_swapbin link 'by a link called install, durably' "$with_link" "install${options:+ $options}"
    by_swapbin none 'by a link called install, SWAPBIN_DURABILITY=none' \
        "$with_link" "install${options:+ $options}" SWAPBIN_DURABILITY=none
    by_swapbin none 'once more over what is there' "$with_link" "install${options:+ $options}" SWAPBIN_DURABILITY=none
}

# compare_words LEAST [OPTION...]: also with INSTALL="swapbin install".
compare_words() {
    local options=${*:2}
    compare_installations "$@"
    by_swapbin words 'with INSTALL="swapbin install", durably' "$with_swapbin" "swapbin install${options:+ $options}"
    by_swapbin words_none 'with INSTALL="swapbin install", SWAPBIN_DURABILITY=none' \
        "$with_swapbin" "swapbin install${options:+ $options}" SWAPBIN_DURABILITY=none
}
