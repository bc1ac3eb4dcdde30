# shellcheck shell=bash
# Compares what two installations left behind.

# mark FILE: from here on whatever is written is newer than FILE.
mark() {
    touch "$1"
    # Times of files advance by the tick of the kernel's clock, not by its resolution.
    until touch "$1.probe" && [ -n "$(find "$1.probe" -newer "$1")" ]; do :; done
    rm "$1.probe"
}

# manifest TREE MARK: one line per name, with type, mode, owner, group, link count, link target, time and size, and one per
# content. Times after the mark, when the tree was made, are all the same `now`: they cannot be equal in two trees.
manifest() {
    local what='%P\t%y\t%m\t%U:%G\t%n\t%l\t'
    (
        cd "$1"
        find . -mindepth 1 ! -newer "$2" -printf "$what%T@\n"
        find . -mindepth 1 -newer "$2" -printf "${what}now\n"
        find . -type f -exec sha256sum {} +
    ) | sort
}

# same_trees WANTED MARK FOUND MARK: fails with the differences.
same_trees() {
    manifest "$1" "$2" >wanted.manifest
    manifest "$3" "$4" >found.manifest
    [ "$(find "$1" -type f | wc -l)" -gt 0 ] || failed "nothing was installed into $1"
    diff -U0 wanted.manifest found.manifest >&2 || failed "$1 and $3 differ"
}
