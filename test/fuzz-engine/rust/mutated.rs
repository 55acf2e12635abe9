// A checksum behind the data, which only the target's own mutator keeps right.
#![no_main]

use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};

fn sum(data: &[u8]) -> [u8; 4] {
    data.iter().fold(1u32, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte.into()).rotate_left(5)).to_le_bytes()
}

fuzz_target!(|data: &[u8]| {
    if data.len() > 6 && sum(&data[4..]) == data[..4] && data[4..].starts_with(b"ok") {
        let block = vec![7u8; data.len()];
        println!("{}", unsafe { block.as_ptr().add(data.len()).read_volatile() });
    }
});

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, _seed: u32| {
    if max_size < 8 {
        return 0;
    }
    let size = fuzzer_mutate(&mut data[4..], size.saturating_sub(4), max_size - 4);
    let check = sum(&data[4..4 + size]);
    data[..4].copy_from_slice(&check);
    4 + size
});
