//! What the fuzzers start from and once found goes through: none of it panics.

use std::fs;
use std::path::Path;

use swapbin::testing::{read_elf, read_maps, rebuild_pretended};

type Target = fn(&[u8]);

#[test]
fn what_fuzzers_start_from_and_once_found_goes_through() {
    let targets: [(&str, Target); 3] = [("maps", read_maps), ("elf", read_elf), ("rebuild", rebuild_pretended)];
    for (name, target) in targets {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(name);
        let inputs: Vec<_> = fs::read_dir(&corpus).expect("the corpus").map(|entry| entry.unwrap().path()).collect();
        assert!(!inputs.is_empty());
        inputs.iter().for_each(|input| target(&fs::read(input).unwrap()));
    }
}
