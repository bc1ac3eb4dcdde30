//! Manifests that are wrong: one line with the place, and nothing is touched.

use super::{apply, tree};
use crate::support::swapbin;

/// The rest of a manifest whose first `[[swap]]` is right.
fn swap_with(line: &str) -> String {
    format!("[[swap]]\nfrom = 'new-app'\nto = 'app'\n{line}\n")
}

#[track_caller]
fn is_refused(manifest: impl AsRef<[u8]>, place: &str, words: &str) {
    let scratch = tree();
    scratch.file("deploy.toml", &manifest);
    let before = scratch.snapshot();
    let outcome = apply(&scratch, &manifest);
    outcome.exits(2).says(&format!("error: deploy.toml:{place}: ")).says(words);
    assert_eq!(outcome.error_text().lines().count(), 1, "one line:\n{outcome}");
    assert_eq!(outcome.output_text(), "");
    scratch.snapshot().assert_same_as(&before);
}

#[test]
fn what_is_no_toml_is_refused_where_it_ends_to_be() {
    is_refused("[[swap]\n", "1:8", "");
    is_refused("[[swap]]\nfrom = \n", "2:8", "");
    is_refused("[[swap]]\nfrom = 'a'\nfrom = 'b'\n", "3:1", "duplicate key");
    is_refused(b"[[swap]]\nto = '\xff'\n", "2:7", "UTF-8");
    is_refused("[[swap]]\nto = 'ü'\x01\n", "2:9", "");
}

#[test]
fn an_unknown_key_is_refused_where_it_stands() {
    is_refused(swap_with("bogus = 1"), "4:1", "unknown key 'bogus'");
    is_refused(swap_with("  no_dereference = true"), "4:3", "unknown key 'no_dereference'");
    is_refused(swap_with("zz = 1\naa = 2"), "4:1", "unknown key 'zz'");
    is_refused(swap_with("[swap.more]"), "4:7", "unknown key 'more'");
    is_refused("version = 1\n", "1:1", "unknown key 'version'");
    is_refused("\n mode = '0755'\n", "2:2", "belongs under [defaults]");
    is_refused(swap_with("wait = 3"), "4:1", "belongs at the top");
    is_refused("[defaults]\nx = 1\n", "2:1", "unknown key 'x'");
    is_refused("'a\\u0007\u{202e}' = 1\n", "1:1", "unknown key 'a\\\\u0007\\u{202e}'");
}

#[test]
fn a_value_of_the_wrong_type_is_refused_where_it_begins() {
    for (line, place, words) in [
        ("mode = 755", "4:8", "'mode' is text in quotes, such as \"0755\", not a number"),
        ("mode = 0o755", "4:8", "\"0755\""),
        ("mode = 0755", "4:8", "\"0755\""),
        ("owner = true", "4:9", "a name or a number"),
        ("sha256 = 5", "4:10", "64 hexadecimal digits"),
        ("preserve = ['mode']", "4:12", "not an array"),
        ("force = 'yes'", "4:9", "'force' is true or false, not text"),
        ("force = 1", "4:9", "not a number"),
        ("max-filesize = true", "4:16", "a number of bytes"),
        ("max-time = {}", "4:12", "not a table"),
        ("retry = '3'", "4:9", "whole number"),
        ("keep = 1.5", "4:8", "whole number"),
        ("keep = -1", "4:8", "whole number"),
        ("retry = 99999999999", "4:9", "4294967295"),
        ("header-env = 1979-05-27", "4:14", "not a date"),
        ("header-env = ['A=B', 3]", "4:22", "not a number"),
        ("token-file = 5", "4:14", "not a number"),
    ] {
        is_refused(swap_with(line), place, words);
    }
    is_refused("[[swap]]\nfrom = 1\nto = 'app'\n", "2:8", "not a number");
    is_refused("[[swap]]\nfrom = ['new-app', ['x']]\nto = 'app'\n", "2:20", "not an array");
    is_refused("[[swap]]\nfrom = 'new-app'\nto = ['app']\n", "3:6", "not an array");
    is_refused("swap = ['app']\n", "1:9", "[[swap]]");
    is_refused("[swap]\nfrom = 'new-app'\nto = 'app'\n", "1:1", "double brackets");
    is_refused("defaults = 3\n", "1:12", "[defaults]");
    is_refused("wait = 'soon'\n", "1:8", "'wait'");
}

#[test]
fn a_value_that_makes_no_sense_is_refused_where_it_begins() {
    for (line, place, words) in [
        ("mode = 'u+q'", "4:8", "mode"),
        ("sha256 = 'beef'", "4:10", "64 hexadecimal digits, this has 4"),
        ("owner = ''", "4:9", "a name or a number"),
        ("owner = 0x10", "4:9", "a name or a number"),
        ("preserve = 'mode,smell'", "4:12", "smell"),
        ("max-filesize = '10X'", "4:16", "K, M, G or T"),
        ("max-filesize = -1", "4:16", "size"),
        ("max-time = 0", "4:12", "more than nothing"),
        ("max-time = inf", "4:12", "time"),
        ("stall-timeout = '1 fortnight'", "4:17", "seconds"),
        ("cacert = ''", "4:10", "empty"),
        ("header-env = []", "4:14", "empty"),
        ("header-env = ['Accept']", "4:15", "NAME=VAR"),
        ("header-env = ['Accept=SWAPBIN_TEST_NO_SUCH_VARIABLE']", "4:15", "no variable of that name is set"),
        ("token-env = 'SWAPBIN_TEST_NO_SUCH_VARIABLE'", "4:13", "no variable of that name is set"),
        ("token-file = 'missing'", "4:14", "no such file"),
        ("token-file = 'x'\ntoken-env = 'X'", "5:13", "exclude each other"),
    ] {
        is_refused(swap_with(line), place, words);
    }
    is_refused("[[swap]]\nfrom = 'new-app'\nto = ''\n", "3:6", "empty");
    is_refused("[[swap]]\nfrom = 'new-app'\nto = \"a\\u0000b\"\n", "3:6", "NUL");
    is_refused("[[swap]]\nfrom = []\nto = 'app'\n", "2:8", "empty");
    is_refused("[[swap]]\nfrom = 'ftp://127.0.0.1/app'\nto = 'app'\n", "2:8", "http, https and file");
    is_refused("[[swap]]\nfrom = 'http://127.0.0.1:1/app'\nto = 'app'\n", "2:8", "plain http");
    is_refused("[[swap]]\nfrom = ['new-app', 'new-lib']\nto = 'app'\n", "2:8", "digest");
}

#[test]
fn what_is_missing_is_refused_where_the_swap_begins() {
    is_refused("", "1:1", "no [[swap]]");
    is_refused("# nothing\nwait = 3\n[defaults]\nkeep = 0\n", "1:1", "no [[swap]]");
    is_refused("swap = []\n", "1:1", "no [[swap]]");
    is_refused(swap_with("\n[[swap]]\nto = 'lib'"), "5:1", "no 'from'");
    is_refused(swap_with("\n  [[swap]]\nfrom = 'new-lib'"), "5:3", "no 'to'");
}

#[test]
fn defaults_do_not_name_files() {
    for (line, place) in [("from = 'new-app'", "2:8"), ("to = 'app'", "2:6"), (&format!("sha256 = '{:064}'", 0), "2:10")] {
        is_refused(format!("[defaults]\n{line}\n{}", super::BOTH), place, "not in [defaults]");
    }
}

#[test]
fn two_files_for_one_target_are_refused_at_the_second() {
    for to in ["app", "./app", ".//app"] {
        is_refused(swap_with(&format!("[[swap]]\nfrom = 'new-lib'\nto = '{to}'")), "6:6", "target of two files");
    }
    is_refused("[[swap]]\nfrom='a/x'\nto='d/'\n[[swap]]\nfrom='b/x'\nto='d/'\n", "6:4", "target of two files");
}

#[test]
fn standard_input_is_the_source_of_one_file() {
    is_refused("[[swap]]\nfrom='-'\nto='app'\n[[swap]]\nfrom='-'\nto='lib'\n", "5:6", "standard input");
    is_refused(format!("[[swap]]\nfrom=['-','-']\nto='app'\nsha256='{:064}'", 0), "2:6", "standard input");
}

#[test]
fn a_manifest_that_cannot_be_read_is_refused() {
    let scratch = tree();
    scratch.directory("dir");
    for (name, words) in [("missing.toml", "no such file"), ("dir", "is a directory"), ("", "a value is required")] {
        swapbin(&scratch).arg("apply").arg(name).run().exits(2).says("error: ").says(words);
    }
    scratch.file_of("large.toml", b'#', (16 << 20) + 1);
    swapbin(&scratch).args(["apply", "large.toml"]).run().exits(2).says("error: large.toml: ").says("16 MiB");
    swapbin(&scratch).args(["apply", "/dev/zero", "--allow-shared-path"]).run().exits(2).says("16 MiB");
}

#[test]
fn a_secret_in_a_wrong_place_is_not_repeated() {
    for line in
        ["header-env = 'hunter2'", "token-env = 'hunter2'", "from = 'https://me:hunter2@[oops/x'", "token-env = ['hunter2']"]
    {
        let scratch = tree();
        let rest = if line.starts_with("from") { "to = 'app'" } else { "to = 'app'\nfrom = 'new-app'" };
        apply(&scratch, format!("[[swap]]\n{line}\n{rest}\n")).exits(2).never_mentions("hunter2");
    }
}
