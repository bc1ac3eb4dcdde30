//! ELF files that anybody may have made.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| swapbin::testing::read_elf(input));
