//! `-v`, `--verbose`: what is said on standard output.

use crate::trial::Suite;

#[test]
fn verbose() {
    let mut suite = Suite::new("verbose");
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("b", "new too");
        tree.file("d", "old").mode(0o755);
        tree.directory("dir");
        tree.file("dir/b", "old");
        tree.link("to_a", "a");
        tree.link("to_dir", "dir");
        tree.link("dangling", "nowhere");
        tree.link("loop", "loop");
        tree.fifo("fifo");
        tree.socket("socket");
        tree.hard_link("hard", "a");
    });
    for line in [
        "-v a d",
        "-v a x",
        "-v a dir",
        "-v b dir",
        "-v a b dir",
        "-v b b dir",
        "--verbose a d",
        "--verb a d",
        "-vv a d",
        "-v ./a ./d",
        "-v dir/b d",
        "-v a dir/x",
        "-v a dir//x",
        "-v a dir/",
        "-v a dir//",
        "-v a to_dir",
        "-v a to_dir/",
        "-v a dangling",
        "-v a loop",
        "-v a fifo",
        "-v a socket",
        "-v a hard",
        "-v hard a",
        "-v a a",
        "-v missing d",
        "-v dir d",
        "-v a missing/d",
        "-v a d/x",
        "-v to_a d",
        "-v to_a dir",
        "-v a .",
        "-vd one/two dir",
        "-vD a one/two/d",
        "-vD a dir/d",
        "-vD -t one/two a b",
        "-vD a one/two/",
        "-vb a d",
        "-vb a x",
        "-vb b dir",
        "-v --backup=numbered a d",
        "-v -S .bak a d",
        "-vC a d",
        "-vC a x",
        "-vT a d",
        "-vp a d",
        "-vm 600 a d",
        "-vc a d",
        "-v a b d",
        "-v a b missing",
        "-v --strip-program=x a d",
        "-v -Z a d",
        "-v --preserve-context a d",
        "-v /dev/null d",
        "-v",
        "-v a",
        "-v --help",
        "-v missing a dir",
        "-v a missing b dir",
        "-v -t dir a missing dir b",
    ] {
        let case = suite.case(line);
        if line.ends_with("help") {
            case.whatever_it_says();
        }
    }
    suite.tree(|tree| {
        tree.file("a", "new");
        tree.file("locked/d", "old");
        tree.directory("locked").mode(0o555);
    });
    suite.case("-v a locked/x").by_user();
    suite.run();
}
