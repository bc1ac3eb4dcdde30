//! How the command line is read: clusters, permutation, abbreviations, arguments.

use crate::trial::{Suite, Tree, bytes, expected};

fn some(tree: &Tree) {
    tree.file("a", "new");
    tree.file("b", "new too");
    tree.file("d", "old");
    tree.directory("dir");
    tree.file("-x", "begins with a dash");
    tree.file("-", "a dash");
    tree.file("--", "two dashes");
    tree.file("--bad", "like an option");
}

#[test]
fn options() {
    let mut suite = Suite::new("options");
    suite.tree(some);
    clusters(&mut suite);
    order(&mut suite);
    abbreviations(&mut suite);
    arguments(&mut suite);
    operands(&mut suite);
    information(&mut suite);
    suite.run();
}

fn clusters(suite: &mut Suite) {
    for line in [
        "-Dm755 a new/d",
        "-vd new",
        "-dv new",
        "-Dvm 600 a new/d",
        "-vbm600 a d",
        "-bS.bak a d",
        "-bSx a d",
        "-bvS x a d",
        "-pvb a d",
        "-cvp a d",
        "-vtdir a",
        "-vT a d",
        "-vx a d",
        "-xv a d",
        "-vm a d",
        "-vm",
        "-dm700 new",
        "-Dtnew a",
        "-Dvtnew a",
        "-bvCT a d",
        "-v-b a d",
        "-v- a d",
        "-m600v a d",
        "-Zv a d",
        "-o0g0 a d",
        "-?",
        "-h",
        "-V",
        "-1",
        "-:",
        "-v:",
        "-W foo",
        "-ö a d",
        "-- -v a d",
    ] {
        suite.case(line);
    }
    suite.case("").word(bytes(b"-\xff")).words("a d");
    suite.case("").word(bytes(b"--\xff")).words("a d");
    suite.case("").word("-\u{e9}").words("a d");
    suite.case("").word("-\n").words("a d");
    suite.case("").word("--a\nb").words("a d");
    suite.case("").word("- ").words("a d");
    suite.case("").word(bytes(b"-v\xc3\xa9")).words("a d");
}

fn order(suite: &mut Suite) {
    for line in [
        "a d -v",
        "a -v d",
        "a -m 600 d",
        "a d -m 600",
        "a d -- -v",
        "a -- -x d",
        "-- a d",
        "-- -x d",
        "-v -- -x d",
        "-- - d",
        "- d",
        "a -",
        "-v - d",
        "-T a -",
        "a -v -- d -b",
        "-- --",
        "-- -- d",
        "a d -bad",
        "a d --bad",
        "a d --help",
        "-m 600 a -m 640 d",
        "a -t dir b -v",
        "a --backup d",
        "a d --",
        "-- a d --",
        "--",
        "a -- d -- b",
        "a -d b -v c",
    ] {
        let says_much = line.ends_with("help");
        for environment in [None, Some("1"), Some("")] {
            let case = suite.case(line);
            if let Some(value) = environment {
                case.env("POSIXLY_CORRECT", value);
            }
            if says_much && environment.is_none() {
                case.whatever_it_says();
            }
        }
    }
}

fn abbreviations(suite: &mut Suite) {
    for word in [
        "--s",
        "--su",
        "--suf",
        "--st",
        "--stri",
        "--strip-",
        "--strip-p",
        "--strip-program",
        "--p",
        "--pr",
        "--pre",
        "--preserve",
        "--preserve-",
        "--preserve-t",
        "--preserve-c",
        "--preserve-timestamps",
        "--preserve-timestampss",
        "--n",
        "--no",
        "--no-t",
        "--no-target-directory",
        "--no-target-directories",
        "--t",
        "--ta",
        "--target",
        "--target-",
        "--b",
        "--ba",
        "--backu",
        "--backups",
        "--c",
        "--co",
        "--com",
        "--con",
        "--comp",
        "--context",
        "--compare",
        "--compares",
        "--g",
        "--o",
        "--m",
        "--mo",
        "--modes",
        "--v",
        "--ve",
        "--ver",
        "--verb",
        "--verbo",
        "--verbose",
        "--verboser",
        "--x",
        "--bad",
        "--a",
        "--all",
        "--du",
        "--k",
        "--ke",
        "--sta",
        "--state",
        "--dur",
        "--al",
        "--V",
        "--Backup",
        "--VERBOSE",
        "--s=x",
        "--pre=x",
        "--v=x",
        "--c=x",
        "--verbose=",
        "--verbose=x",
        "--compare=x",
        "--strip=x",
        "--preserve-t=x",
        "--no-t=x",
        "--directory=x",
        "--dir=",
        "--help=x",
        "--version=x",
        "--hel=x",
        "--bad=x",
        "---verbose",
        "---",
        "--versi=",
        "--ver=x",
        "--strip-=x",
        "-verbose",
        "-backup",
    ] {
        suite.case("").word(word).words("a d");
    }
    for word in ["--=x", "--="] {
        // One more option begins with nothing at all since 9.2.
        suite.case("").word(word).words("a d").newer_than_9_1(expected().exit(1).stderr_mentioning(&["--compare", "--debug"]));
    }
    // Followed by the option's argument, where it takes one.
    for line in [
        "--mode 600 a d",
        "--suffix .bak a d",
        "--target-directory dir a",
        "--owner 65534 a",
        "--g 65534 a",
        "--strip-program x a d",
        "--m 600 a d",
        "--su .bak a d",
        "--t dir a",
        "--backup numbered a",
        "--context x a",
    ] {
        suite.case(line);
    }
}

fn arguments(suite: &mut Suite) {
    for line in [
        "--mode",
        "--suffix",
        "--target-directory",
        "--owner",
        "--group",
        "--strip-program",
        "--m",
        "--su",
        "--t",
        "--o",
        "--g",
        "--strip-p",
        "-m",
        "-S",
        "-t",
        "-o",
        "-g",
        "-vm",
        "-vS",
        "-vt",
        "-vo",
        "-vg",
        "a d -m",
        "a d --mode",
        "a d -S",
        "a d --suffix",
        "--mode= a d",
        "--group= a d",
        "--owner= a d",
        "--strip-program= a d",
        "--target-directory= a d",
        "--suffix= a d",
        "-S -v a d",
        "-m -v a d",
        "-S -- a d",
        "--suffix -- a d",
        "--suffix -v a d",
        "-t -- a",
    ] {
        suite.case(line);
        suite.case(line).env("POSIXLY_CORRECT", "1");
    }
}

fn operands(suite: &mut Suite) {
    for line in [
        "",
        "a",
        "''",
        "'' ''",
        "'' d",
        "a ''",
        "a b ''",
        "'' a dir",
        "a d b",
        "a b c",
        "a b dir",
        "a b dir/",
        "a b missing",
        "a b missing/",
        "a b missing/deep",
        "a b d/x",
        "dir",
        "dir dir",
        "dir d",
        "dir new",
        "dir a dir",
        "-v",
        "-b",
        "-D",
        "-C",
        "-p",
        "-s",
        "-T",
        "-T a",
        "-T a b d",
        "-t dir",
        "-d",
        "-Tt dir",
        "-Td",
        "-bd",
        "-m 600",
        "-m x",
        "-o nosuchuser",
        "-S x",
        "--backup=bad",
        "--backup=bad a",
        "--backup=bad -m x a d",
        "--backup=bad -o nosuchuser a d",
        "-sd --backup=bad x",
        "-d -t dir --backup=bad",
        "-sd -t dir x",
        "-Cs --backup=bad a d",
        "-Cs a",
        "-Cs -m x a d",
        "-Cs -T a b d",
        "-Cs -t missing a",
        "-m x -o nosuchuser a d",
        "-m x -t missing a",
        "-m x a b missing",
        "-o nosuchuser a b missing",
        "-t dir -T --backup=bad a",
        "-t dir -t dir --bad a",
        "--bad -t dir -t dir a",
        "-t dir -t dir --help",
        "--preserve-context --bad a d",
        "-C -m 4755 -o nosuchuser a d",
        "-C -m 4755 -s a d",
        "--strip-program=x -m x a d",
        "--strip-program=x -o nosuchuser a d",
        "--strip-program=x -C -m 4755 a d",
        "-C -m 4755 a d",
        "-C -m 4755 -d new",
    ] {
        let case = suite.case(line);
        if line.ends_with("help") {
            case.whatever_it_says();
        }
    }
    suite.case("a").word("it's");
    suite.case("").word("it's");
    suite.case("").word("a\nb");
    suite.case("").word("\u{e9}");
    suite.case("-T a b").word("it's");
    suite.case("a b").word("no\u{e9}");
    suite.case("a b").word(bytes(b"no\xff"));
}

fn information(suite: &mut Suite) {
    for line in [
        "--help",
        "--version",
        "--h",
        "--he",
        "--vers",
        "--help --version",
        "--version --help",
        "--help a d",
        "a d --help",
        "-v --version",
        "--help --bad",
        "--bad --help",
        "-x --help",
        "--version -m",
        "-t missing --version",
        "-t dir -t dir",
        "--backup=bad --help",
        "-m x --help",
        "--help -t",
    ] {
        let case = suite.case(line);
        if !line.starts_with("--bad") && !line.starts_with("-x") && !line.starts_with("-t") {
            case.whatever_it_says();
        }
        if line.starts_with("-t missing") {
            case.whatever_it_says();
        }
    }
}
