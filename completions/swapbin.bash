_swapbin() {
    local i cur prev opts cmd
    COMPREPLY=()
    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
        cur="$2"
    else
        cur="${COMP_WORDS[COMP_CWORD]}"
    fi
    prev="$3"
    cmd=""
    opts=""

    for i in "${COMP_WORDS[@]:0:COMP_CWORD}"
    do
        case "${cmd},${i}" in
            ",$1")
                cmd="swapbin"
                ;;
            swapbin,apply)
                cmd="swapbin__subcmd__apply"
                ;;
            swapbin,history)
                cmd="swapbin__subcmd__history"
                ;;
            swapbin,prune)
                cmd="swapbin__subcmd__prune"
                ;;
            swapbin,recover)
                cmd="swapbin__subcmd__recover"
                ;;
            swapbin,rescue)
                cmd="swapbin__subcmd__rescue"
                ;;
            swapbin,rollback)
                cmd="swapbin__subcmd__rollback"
                ;;
            swapbin,stale)
                cmd="swapbin__subcmd__stale"
                ;;
            swapbin,who)
                cmd="swapbin__subcmd__who"
                ;;
            *)
                ;;
        esac
    done

    case "${cmd}" in
        swapbin)
            opts="-m -o -g -n -q -v -h -V --from --to --sha256 --mode --owner --group --preserve --no-dereference --allow-shared-path --force --in-place --keep --allow-empty --max-filesize --insecure-http --connect-timeout --stall-timeout --max-time --retry --proxy --cacert --header-env --token-env --token-file --check --dry-run --wait --quiet --verbose --json --state-dir --progress --help --version apply recover rescue rollback history prune who stale"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 1 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --from)
                    local oldifs
                    if [ -n "${IFS+x}" ]; then
                        oldifs="$IFS"
                    fi
                    IFS=$'\n'
                    COMPREPLY=($(compgen -f "${cur}"))
                    if [ -n "${oldifs+x}" ]; then
                        IFS="$oldifs"
                    fi
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o filenames
                    fi
                    return 0
                    ;;
                --to)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sha256)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --mode)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                -m)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --owner)
                    COMPREPLY=($(compgen -u -- "${cur}"))
                    return 0
                    ;;
                -o)
                    COMPREPLY=($(compgen -u -- "${cur}"))
                    return 0
                    ;;
                --group)
                    COMPREPLY=($(compgen -g -- "${cur}"))
                    return 0
                    ;;
                -g)
                    COMPREPLY=($(compgen -g -- "${cur}"))
                    return 0
                    ;;
                --preserve)
                    COMPREPLY=($(compgen -W "mode owner group acl xattr caps context all none" -- "${cur}"))
                    return 0
                    ;;
                --keep)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --max-filesize)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --connect-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --stall-timeout)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --max-time)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --retry)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --proxy)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --cacert)
                    local oldifs
                    if [ -n "${IFS+x}" ]; then
                        oldifs="$IFS"
                    fi
                    IFS=$'\n'
                    COMPREPLY=($(compgen -f "${cur}"))
                    if [ -n "${oldifs+x}" ]; then
                        IFS="$oldifs"
                    fi
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o filenames
                    fi
                    return 0
                    ;;
                --header-env)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --token-env)
                    COMPREPLY=("${cur}")
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o nospace
                    fi
                    return 0
                    ;;
                --token-file)
                    local oldifs
                    if [ -n "${IFS+x}" ]; then
                        oldifs="$IFS"
                    fi
                    IFS=$'\n'
                    COMPREPLY=($(compgen -f "${cur}"))
                    if [ -n "${oldifs+x}" ]; then
                        IFS="$oldifs"
                    fi
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o filenames
                    fi
                    return 0
                    ;;
                --wait)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                --progress)
                    COMPREPLY=($(compgen -W "auto plain never" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        swapbin__subcmd__apply)
            opts="-o -g -n -q -v -h -V --tree --to --keep-owner --owner --group --delete --exchange --generation-link --keep --allow-shared-path --check --dry-run --wait --quiet --verbose --json --state-dir --progress --help --version"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --tree)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                --to)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                --owner)
                    COMPREPLY=($(compgen -u -- "${cur}"))
                    return 0
                    ;;
                -o)
                    COMPREPLY=($(compgen -u -- "${cur}"))
                    return 0
                    ;;
                --group)
                    COMPREPLY=($(compgen -g -- "${cur}"))
                    return 0
                    ;;
                -g)
                    COMPREPLY=($(compgen -g -- "${cur}"))
                    return 0
                    ;;
                --delete)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                --generation-link)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --keep)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --wait)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                --progress)
                    COMPREPLY=($(compgen -W "auto plain never" -- "${cur}"))
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        swapbin__subcmd__history)
            opts="-q -v -h -V --quiet --verbose --json --state-dir --help --version"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        swapbin__subcmd__prune)
            opts="-q -v -h -V --keep --wait --quiet --verbose --json --state-dir --help --version"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --keep)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --wait)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        swapbin__subcmd__recover)
            opts="-q -v -h -V --list --forward --back --abandon --quiet --verbose --json --state-dir --help --version"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --forward)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --back)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --abandon)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        swapbin__subcmd__rescue)
            opts="-n -q -v -h -V --name --pid --exe --map --fd --list --all --sha256 --to --replace --keep --no-dereference --allow-shared-path --from-memory --smoke --follow --dry-run --wait --quiet --verbose --json --state-dir --help --version"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --name)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --pid)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --map)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --fd)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --sha256)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --to)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --keep)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --wait)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        swapbin__subcmd__rollback)
            opts="-n -q -v -h -V --last --txn --no-dereference --allow-shared-path --dry-run --wait --quiet --verbose --json --state-dir --help --version"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --txn)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --wait)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        swapbin__subcmd__stale)
            opts="-q -v -h -V --pid --watch --quiet --verbose --json --state-dir --help --version"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --pid)
                    COMPREPLY=($(compgen -f "${cur}"))
                    return 0
                    ;;
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
        swapbin__subcmd__who)
            opts="-q -v -h -V --watch --quiet --verbose --json --state-dir --help --version"
            if [[ ${cur} == -* || ${COMP_CWORD} -eq 2 ]] ; then
                COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
                return 0
            fi
            case "${prev}" in
                --state-dir)
                    COMPREPLY=()
                    if [[ "${BASH_VERSINFO[0]}" -ge 4 ]]; then
                        compopt -o plusdirs
                    fi
                    return 0
                    ;;
                *)
                    COMPREPLY=()
                    ;;
            esac
            COMPREPLY=( $(compgen -W "${opts}" -- "${cur}") )
            return 0
            ;;
    esac
}

if [[ "${BASH_VERSINFO[0]}" -eq 4 && "${BASH_VERSINFO[1]}" -ge 4 || "${BASH_VERSINFO[0]}" -gt 4 ]]; then
    complete -F _swapbin -o nosort -o bashdefault -o default swapbin
else
    complete -F _swapbin -o bashdefault -o default swapbin
fi

_swapbin_install() {
    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD - 1]}" equals=""
    COMPREPLY=()
    if [[ " ${COMP_WORDS[*]:0:COMP_CWORD} " == *" -- "* ]]; then
        return 0
    fi
    # Readline takes --mode=644 for three words.
    if [[ ${cur} == "=" ]]; then
        cur="" equals=1
    elif [[ ${prev} == "=" ]]; then
        prev="${COMP_WORDS[COMP_CWORD - 2]}" equals=1
    elif [[ ${prev} == -[!-]* ]]; then
        # The last of several letters.
        prev="-${prev: -1}"
    fi
    case "${prev}${equals:+=}" in
        --backup=)
            mapfile -t COMPREPLY < <(compgen -W "none off simple never numbered t existing nil" -- "${cur}")
            return 0
            ;;
        -g | --group | --group=)
            mapfile -t COMPREPLY < <(compgen -g -- "${cur}")
            return 0
            ;;
        -o | --owner | --owner=)
            mapfile -t COMPREPLY < <(compgen -u -- "${cur}")
            return 0
            ;;
        --strip-program | --strip-program=)
            mapfile -t COMPREPLY < <(compgen -c -- "${cur}")
            return 0
            ;;
        -t | --target-directory | --target-directory=)
            mapfile -t COMPREPLY < <(compgen -d -- "${cur}")
            compopt -o filenames
            return 0
            ;;
        --durability | --durability=)
            mapfile -t COMPREPLY < <(compgen -W "full none" -- "${cur}")
            return 0
            ;;
        --keep-attributes | --keep-attributes=)
            mapfile -t COMPREPLY < <(compgen -W "acl xattr caps all none" -- "${cur}")
            return 0
            ;;
        --state-dir | --state-dir=)
            mapfile -t COMPREPLY < <(compgen -d -- "${cur}")
            compopt -o filenames
            return 0
            ;;
    esac
    if [[ -z ${equals} && ${cur} == -* ]]; then
        COMPREPLY=($(compgen -W "-b --backup -c -C --compare -Z --context --debug -d --directory -D -g --group -m --mode -T --no-target-directory -o --owner -p --preserve-timestamps --preserve-context -s --strip --strip-program -S --suffix -t --target-directory -v --verbose --help --version --all-or-nothing --durability --keep-attributes --state-dir" -- "${cur}"))
    fi
    # Else a file, by the shell's default.
    return 0
}

_swapbin_or_install() {
    if [[ ${COMP_CWORD} -gt 1 && ${COMP_WORDS[1]} == install ]]; then
        _swapbin_install
        return
    fi
    _swapbin "$@"
    if [[ ${COMP_CWORD} -eq 1 && ${2} != -* ]]; then
        COMPREPLY+=($(compgen -W install -- "${2}"))
    fi
}

complete -F _swapbin_or_install -o bashdefault -o default swapbin
complete -F _swapbin_install -o bashdefault -o default ginstall
