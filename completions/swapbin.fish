complete -c swapbin -l from -d 'Where the new file comes from: a path, \'-\' for standard input, or a file, http or https address' -r -F
complete -c swapbin -l to -d 'The file to replace or create' -r -F
complete -c swapbin -l sha256 -d 'The SHA-256 digest the new file must have' -r
complete -c swapbin -s m -l mode -d 'The mode, octal or symbolic; symbolic starts from the replaced file\'s, or 0755' -r
complete -c swapbin -s o -l owner -d 'The owner, by name or number' -r -f -a "(__fish_complete_users)"
complete -c swapbin -s g -l group -d 'The group, by name or number' -r
complete -c swapbin -l preserve -d 'What the new file takes over from the replaced one: mode, owner, group, acl, xattr, caps, context; or all, or none' -r
complete -c swapbin -l max-filesize -d 'The largest source accepted: bytes, or with K, M, G, T (powers of 1024)' -r
complete -c swapbin -l connect-timeout -d 'The longest wait for a connection: seconds, or with ms, s, m, h' -r
complete -c swapbin -l stall-timeout -d 'The longest time an address may send nothing' -r
complete -c swapbin -l max-time -d 'The longest time for everything: all attempts, waits and mirrors' -r
complete -c swapbin -l retry -d 'How often a transient failure is tried again' -r
complete -c swapbin -l proxy -d 'The proxy, instead of what the environment names (http_proxy, https_proxy, all_proxy, no_proxy)' -r
complete -c swapbin -l cacert -d 'A file of PEM certificates to trust besides the system\'s' -r -F
complete -c swapbin -l header-env -d 'Send the header NAME with the value of the environment variable VAR, to the first address\'s own origin only' -r
complete -c swapbin -l token-env -d 'Send the value of the environment variable VAR as bearer token, to the first address\'s own origin only' -r -f
complete -c swapbin -l token-file -d 'Send the first line of FILE as bearer token, to the first address\'s own origin only' -r -F
complete -c swapbin -l progress -d 'Show progress: auto (a bar, on a terminal only), plain (lines), never' -r -f -a "auto\t'A bar, if standard error is a terminal'
plain\t'Lines'
never\t'Nothing'"
complete -c swapbin -l state-dir -d 'Where state is kept; a single swap needs none' -r -f -a "(__fish_complete_directories)"
complete -c swapbin -l no-dereference -d 'Replace a symbolic link itself, not what it points to'
complete -c swapbin -l allow-shared-path -d 'As root, also go through directories and links that other users may write to'
complete -c swapbin -l force -d 'Replace the target even if nothing would change'
complete -c swapbin -l check -d 'Only tell whether the target would change: status 0 if it is current, 10 if not'
complete -c swapbin -s n -l dry-run -d 'Only say what would be done; fetch and change nothing'
complete -c swapbin -l allow-empty -d 'Accept an empty source'
complete -c swapbin -l insecure-http -d 'Accept plain http without a digest'
complete -c swapbin -s q -l quiet -d 'Say nothing but errors'
complete -c swapbin -s v -l verbose -d 'Say each step'
complete -c swapbin -l json -d 'Print one JSON object on standard output'
complete -c swapbin -s h -l help -d 'Print help (see more with \'--help\')'
complete -c swapbin -s V -l version -d 'Print version'
