//! A process that has an ELF file loaded which anybody may have made.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| swapbin::testing::rebuild_pretended(input));
