#![no_main]

#[path = "../../tests/support/built.rs"]
#[allow(dead_code, reason = "each target takes one function of them")]
mod built;
#[path = "../../tests/support/fuzzed.rs"]
#[allow(dead_code, reason = "each target takes one function of them")]
mod fuzzed;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    fuzzed::workbook(data);
});
