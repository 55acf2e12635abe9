// What the crate libfuzzer-sys puts around a target, as far as a module can see it: the two entries, the hook that ends a
// panic, and the macros. The crate itself is C++ besides.

use std::sync::Once;

extern "C" {
    fn rust_fuzzer_test_input(input: &[u8]) -> i32;
    fn LLVMFuzzerMutate(data: *mut u8, size: usize, max_size: usize) -> usize;
}

#[export_name = "LLVMFuzzerTestOneInput"]
pub fn test_input_wrap(data: *const u8, size: usize) -> i32 {
    let ran = std::panic::catch_unwind(|| unsafe {
        rust_fuzzer_test_input(std::slice::from_raw_parts(data, size))
    });
    ran.unwrap_or_else(|_| std::process::abort())
}

#[export_name = "LLVMFuzzerInitialize"]
pub fn initialize(_argc: *const isize, _argv: *const *const *const u8) -> isize {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            default(info);
            std::process::abort();
        }));
    });
    0
}

pub fn fuzzer_mutate(data: &mut [u8], size: usize, max_size: usize) -> usize {
    unsafe { LLVMFuzzerMutate(data.as_mut_ptr(), size, max_size) }
}

#[macro_export]
macro_rules! fuzz_target {
    (|$bytes:ident: &[u8]| $body:block) => {
        #[no_mangle]
        pub extern "C" fn rust_fuzzer_test_input(bytes: &[u8]) -> i32 {
            __fuzz_target(bytes);
            0
        }
        fn __fuzz_target($bytes: &[u8]) {
            $body
        }
    };
}

#[macro_export]
macro_rules! fuzz_mutator {
    (|$data:ident: &mut [u8], $size:ident: usize, $max_size:ident: usize, $seed:ident: u32| $body:block) => {
        #[export_name = "LLVMFuzzerCustomMutator"]
        pub unsafe fn rust_fuzzer_custom_mutator($data: *mut u8, $size: usize, $max_size: usize, $seed: u32) -> usize {
            let room = std::cmp::max($size, $max_size);
            let $data: &mut [u8] = std::slice::from_raw_parts_mut($data, room);
            std::cmp::min($body, room)
        }
    };
}
