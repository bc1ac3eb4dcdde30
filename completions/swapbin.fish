function __swapbin_is_install
    set -l words (commandline -opc)
    test (count $words) -ge 2; and test $words[2] = install
end
complete -c swapbin -n 'test (count (commandline -opc)) -eq 1' -a install -d 'Install files as install(1) does'
complete -c ginstall -w 'swapbin install'
# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_swapbin_global_optspecs
    string join \n from= to= sha256= m/mode= o/owner= g/group= preserve= no-dereference allow-shared-path force in-place keep= allow-empty max-filesize= insecure-http connect-timeout= stall-timeout= max-time= retry= proxy= cacert= header-env= token-env= token-file= check n/dry-run wait= q/quiet v/verbose json state-dir= progress= h/help V/version
end

function __fish_swapbin_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_swapbin_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_swapbin_using_subcommand
    set -l cmd (__fish_swapbin_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l from -d 'Where the new file comes from: a path, \'-\' for standard input, or a file, http or https address' -r -F
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l to -d 'The file to replace or create' -r -F
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l sha256 -d 'The SHA-256 digest the new file must have' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -s m -l mode -d 'The mode, octal or symbolic; symbolic starts from the replaced file\'s, or 0755' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -s o -l owner -d 'The owner, by name or number' -r -f -a "(__fish_complete_users)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -s g -l group -d 'The group, by name or number' -r -f -a "(__fish_complete_groups)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l preserve -d 'What the new file takes over from the replaced one: mode, owner, group, acl, xattr, caps, context; or all, or none' -r -f -a 'mode owner group acl xattr caps context all none'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l keep -d 'How many replaced versions are kept beside the target, for a rollback' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l max-filesize -d 'The largest source accepted: bytes, or with K, M, G, T (powers of 1024)' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l connect-timeout -d 'The longest wait for a connection: seconds, or with ms, s, m, h' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l stall-timeout -d 'The longest time an address may send nothing' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l max-time -d 'The longest time for everything: all attempts, waits and mirrors' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l retry -d 'How often a transient failure is tried again' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l proxy -d 'The proxy, instead of what the environment names (http_proxy, https_proxy, all_proxy, no_proxy)' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l cacert -d 'A file of PEM certificates to trust besides the system\'s' -r -F
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l header-env -d 'Send the header NAME with the value of the environment variable VAR, to the first address\'s own origin only' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l token-env -d 'Send the value of the environment variable VAR as bearer token, to the first address\'s own origin only' -r -f
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l token-file -d 'Send the first line of FILE as bearer token, to the first address\'s own origin only' -r -F
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l wait -d 'How long to wait for another run that changes the same files: seconds, or with ms, s, m, h; 0: not at all (default: 10)' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l progress -d 'Show progress: auto (a bar, on a terminal only), plain (lines), never' -r -f -a "auto\t'A bar, if standard error is a terminal'
plain\t'Lines'
never\t'Nothing'"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l no-dereference -d 'Replace a symbolic link itself, not what it points to'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l allow-shared-path -d 'As root, also go through directories and links that other users may write to'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l force -d 'Replace the target even if nothing would change'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l in-place -d 'Overwrite the file itself, which keeps its inode, and only with proof that nobody runs, maps or holds it'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l allow-empty -d 'Accept an empty source'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l insecure-http -d 'Accept plain http without a digest'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l check -d 'Only tell whether the target would change: status 0 if it is current, 10 if not'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -s n -l dry-run -d 'Only say what would be done; fetch and change nothing'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -s V -l version -d 'Print version'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -f -a "apply" -d 'Put the files of a manifest, or of a staging tree, in place: all of them, or none'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -f -a "recover" -d 'Finish batches that were broken off by a crash, or take them back'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -f -a "rescue" -d 'Bring back a deleted or replaced file that a process still runs, maps or has open'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -f -a "rollback" -d 'Bring back the version before: of one file, or of all files of a batch'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -f -a "history" -d 'List the changes that were made, newest first, and the versions that are kept'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -f -a "prune" -d 'Remove kept versions that are not wanted any more, and say of which files'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -f -a "who" -d 'List the processes that execute, map or have open a file, or a former version of it'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_needs_command" -f -a "stale" -d 'List the processes that run or map something that is no longer what its path leads to'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l tree -d 'Instead of a manifest: a staging tree (a DESTDIR), of which everything goes to the same place below --to' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l to -d 'The directory that the tree goes to' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -s o -l owner -d 'The owner of everything, by name or number' -r -f -a "(__fish_complete_users)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -s g -l group -d 'The group of everything, by name or number' -r -f -a "(__fish_complete_groups)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l delete -d 'Remove what is below DIR, a directory named as seen from ROOT, and not in the tree' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l generation-link -d 'Build a new directory in ROOT from the one that LINK leads to, and let LINK lead there' -r -F
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l keep -d 'How many replaced versions are kept beside each target, for a rollback' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l wait -d 'How long to wait for another run that changes the same files: seconds, or with ms, s, m, h; 0: not at all (default: 10)' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l progress -d 'Show progress: auto (a bar, on a terminal only), plain (lines), never' -r -f -a "auto\t'A bar, if standard error is a terminal'
plain\t'Lines'
never\t'Nothing'"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l keep-owner -d 'Everything keeps the owner and group it has in the tree; else it becomes the caller\'s'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l exchange -d 'Build ROOT anew beside itself and let the two change names, so that nobody sees old and new together'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l allow-shared-path -d 'As root, also obey a manifest that other users may change, and go through directories and links that they may'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l check -d 'Only tell whether the target would change: status 0 if it is current, 10 if not'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -s n -l dry-run -d 'Only say what would be done; fetch and change nothing'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand apply" -s V -l version -d 'Print version'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -l forward -d 'Make every file of this batch new that can be, and leave the others as they are' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -l back -d 'Make every file of this batch old that can be, and leave the others as they are' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -l abandon -d 'Leave every file of this batch as it is, and forget the batch' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -l list -d 'Only say what is left over and what would become of it; the exit status is the same'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand recover" -s V -l version -d 'Print version'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l name -d 'The name the file had, in whatever directory' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l pid -d 'Only out of this process, or with --list only of it; without PATH and --name: the program it runs' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l map -d 'A library or file of this name that the process has mapped' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l fd -d 'The file that the process has open as this descriptor' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l sha256 -d 'Only the version with this SHA-256 digest' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l to -d 'Where to write it; without: to the path it had' -r -F
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l keep -d 'How many replaced versions are kept beside the target' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l wait -d 'How long to wait for another run that changes the same file: seconds, or with ms, s, m, h; 0: not at all' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l exe -d 'The program that the process runs'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l list -d 'Only list what can be brought back'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l all -d 'List also what never had a name, such as temporary files'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l replace -d 'Replace what has the path now; it is kept, for a rollback'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l no-dereference -d 'Take a symbolic link itself for the file, not what it points to'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l allow-shared-path -d 'As root, also go through directories and links that other users may write to'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l from-memory -d 'Make a program or library again out of memory, where the file cannot be opened or was written over; the result is not the lost file, and --to says where it goes'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l smoke -d 'Before it is put in place, have the dynamic linker load what was made again, as a child with the rights of the process it is from; refuse it if that fails'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l follow -d 'Copy a file that is written to again, until it has stood still for a second'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -s n -l dry-run -d 'Only say what would be done'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rescue" -s V -l version -d 'Print version'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -l txn -d 'Take back this change, with all its files' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -l wait -d 'How long to wait for another run that changes the same files: seconds, or with ms, s, m, h; 0: not at all' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -l last -d 'Take back the newest change that `swapbin history` lists, with all its files'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -l no-dereference -d 'Take a symbolic link itself for the file, not what it points to'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -l allow-shared-path -d 'As root, also go through directories and links that other users may write to'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -s n -l dry-run -d 'Only say what would be brought back; change nothing'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand rollback" -s V -l version -d 'Print version'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand history" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand history" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand history" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand history" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand history" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand history" -s V -l version -d 'Print version'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand prune" -l keep -d 'How many kept versions of each file stay, the newest ones; with 0 nothing can be rolled back any more' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand prune" -l wait -d 'How long to wait for a run that changes one of the files: seconds, or with ms, s, m, h; 0: not at all (default: 10)' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand prune" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand prune" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand prune" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand prune" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand prune" -s V -l version -d 'Print version'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand who" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand who" -l watch -d 'Look again and again, and show what has changed, until the list is empty'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand who" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand who" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand who" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand who" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand who" -s V -l version -d 'Print version'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand stale" -l pid -d 'Only what this process runs and maps' -r
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand stale" -l state-dir -d 'Where journals are, and what is known of kept versions; a single swap does without, and then keeps none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand stale" -l watch -d 'Look again and again, and show what has changed, until the list is empty'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand stale" -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand stale" -s v -l verbose -d 'Say each step'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand stale" -l json -d 'Print one JSON object on standard output'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand stale" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -n 'not __swapbin_is_install' -n "__fish_swapbin_using_subcommand stale" -s V -l version -d 'Print version'
complete -c swapbin -n __swapbin_is_install -s b -l backup -d 'keep what is replaced under another name; -b is the form without a value' -f
complete -c swapbin -n __swapbin_is_install -s c -d 'does nothing; old makefiles pass it'
complete -c swapbin -n __swapbin_is_install -s C -l compare -d 'leave a destination alone if content, owner, group and mode are as wanted already'
complete -c swapbin -n __swapbin_is_install -s Z -l context -d 'give files and new directories the security label of the policy, or CTX; -Z is the form without a value' -f
complete -c swapbin -n __swapbin_is_install -l debug -d 'tell how each file is copied; includes -v'
complete -c swapbin -n __swapbin_is_install -s d -l directory -d 'the operands are directories: create them, and what is missing above them'
complete -c swapbin -n __swapbin_is_install -s D -d 'create missing directories above DEST, or DIRECTORY of -t itself'
complete -c swapbin -n __swapbin_is_install -s g -l group -d 'the group, by name or number, instead of that of the process' -x -a '(__fish_complete_groups)'
complete -c swapbin -n __swapbin_is_install -s m -l mode -d 'the mode, octal or symbolic from nothing, instead of 0755' -x
complete -c swapbin -n __swapbin_is_install -s T -l no-target-directory -d 'DEST is the name of the file, even if it is a directory'
complete -c swapbin -n __swapbin_is_install -s o -l owner -d 'the owner, by name or number' -x -a '(__fish_complete_users)'
complete -c swapbin -n __swapbin_is_install -s p -l preserve-timestamps -d 'take over the times of last access and modification'
complete -c swapbin -n __swapbin_is_install -l preserve-context -d 'take over the SELinux label'
complete -c swapbin -n __swapbin_is_install -s s -l strip -d 'run strip(1) on the file before it is put in place'
complete -c swapbin -n __swapbin_is_install -l strip-program -d 'what -s runs instead of strip' -x -a '(__fish_complete_command)'
complete -c swapbin -n __swapbin_is_install -s S -l suffix -d 'what the name of a simple backup ends in; implies -b' -x
complete -c swapbin -n __swapbin_is_install -s t -l target-directory -d 'put every SOURCE into DIRECTORY' -x -a '(__fish_complete_directories)'
complete -c swapbin -n __swapbin_is_install -s v -l verbose -d 'name each file and directory as it is made'
complete -c swapbin -n __swapbin_is_install -l help -d 'print this and exit'
complete -c swapbin -n __swapbin_is_install -l version -d 'print the version and exit'
complete -c swapbin -n __swapbin_is_install -l all-or-nothing -d 'put no file in place unless all of them can be'
complete -c swapbin -n __swapbin_is_install -l durability -d 'full: on the disk before it counts as done (the default); none: atomic, but only written back when the system likes, for package builds' -x -a 'full none'
complete -c swapbin -n __swapbin_is_install -l keep-attributes -d 'take over from the file that is replaced: acl, xattr, caps, with commas between them; or all, or none (the default)' -x -a 'acl xattr caps all none'
complete -c swapbin -n __swapbin_is_install -l state-dir -d 'accepted; nothing is kept there' -x -a '(__fish_complete_directories)'
