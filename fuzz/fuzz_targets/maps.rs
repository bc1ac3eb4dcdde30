//! The text of /proc/PID/maps, whose names anybody may choose.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| swapbin::testing::read_maps(input));
