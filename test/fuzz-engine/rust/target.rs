// Lines of text "key=...", each with something wrong of its own.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Some(rest) = std::str::from_utf8(data).ok().and_then(|text| text.strip_prefix("key=")) {
        let numbers: Vec<u32> = rest.split(',').filter_map(|number| number.parse().ok()).collect();
        match numbers.len() {
            1 if numbers[0] == 31337 => freed(),
            2 if numbers[1] > 70_000 => panic!("two numbers: {:?}", numbers),
            2 if numbers[0] > 1000 => println!("{}", beyond(&numbers, numbers[1] as usize)),
            3 => println!("{}", raw(&numbers, 3 + (numbers[1] & 7) as usize)),
            _ => {}
        }
        if rest == "leak" {
            std::mem::forget(vec![rest.len() as u8; 100]);
        }
    }
});

#[inline(never)]
fn freed() {
    let block = Box::new([1u8; 32]);
    let at: *const u8 = block.as_ptr();
    drop(block);
    println!("{}", unsafe { at.read_volatile() });
}

#[inline(never)]
fn beyond(numbers: &[u32], at: usize) -> u32 {
    numbers[at + 2]
}

#[inline(never)]
fn raw(numbers: &[u32], at: usize) -> u32 {
    unsafe { numbers.as_ptr().add(at).read_volatile() }
}
