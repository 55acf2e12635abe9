// Rust 1.63 for wasm32-unknown-unknown, whose standard library is compiled for size (Debian's libstd-rust-dev-wasm32):
//
//   rustc --edition 2021 --crate-type cdylib --target wasm32-unknown-unknown -C opt-level=3 users.rs -o O3.wasm
//   wasm-opt --strip-debug --strip-producers -Oz O3.wasm -o wasm-opt.wasm
//   rustc ... -C opt-level=z -C lto=fat -C panic=abort users.rs; wasm-opt --strip-debug --strip-producers -O0: lto.wasm
use std::alloc::{alloc, alloc_zeroed, dealloc, realloc, Layout};

fn layout(size: usize, align: usize) -> Layout {
    Layout::from_size_align(size, align).unwrap()
}

/// Blocks of every alignment come, grow, shrink and go; answers the round in which one had lost what it held, or 0.
#[no_mangle]
pub extern "C" fn shuffle(rounds: u32) -> u32 {
    let mut live: Vec<(*mut u8, Layout, u8)> = Vec::new();
    for i in 1..rounds {
        let mut now = layout((i * 37 % 700 + 1) as usize, 1 << (i % 9));
        let fill = i as u8;
        unsafe {
            let mut p = if i % 5 == 0 { alloc_zeroed(now) } else { alloc(now) };
            if i % 5 == 0 && (0..now.size()).any(|k| *p.add(k) != 0) {
                return i;
            }
            p.write_bytes(fill, now.size());
            if i % 3 == 0 {
                let size = (i * 53 % 900 + 1) as usize;
                p = realloc(p, now, size);
                if *p != fill {
                    return i;
                }
                now = layout(size, now.align());
                p.write_bytes(fill, size);
            }
            live.push((p, now, fill));
            if i % 2 == 1 {
                let (p, was, fill) = live.swap_remove((i * 13) as usize % live.len());
                if *p != fill || *p.add(was.size() - 1) != fill {
                    return i;
                }
                dealloc(p, was);
            }
        }
    }
    for (p, was, _) in live {
        unsafe { dealloc(p, was) }
    }
    0
}

#[no_mangle]
pub extern "C" fn take(size: usize) -> *mut u8 {
    unsafe { alloc(layout(size, 1)) }
}

#[no_mangle]
pub extern "C" fn give(p: *mut u8, size: usize) {
    unsafe { dealloc(p, layout(size, 1)) }
}

#[no_mangle]
pub extern "C" fn write(p: *mut u8) {
    unsafe { *p = 1 }
}

#[no_mangle]
pub extern "C" fn read(p: *mut u8) -> u8 {
    unsafe { *p }
}
