// Which frame a bug is told by: the innermost one of the program. Above it may stand what a language does to give up (abort,
// a failed assertion, a panic) and libraries that did what they were asked to: by those all assertions would be one bug. A
// panic that aborts may do so in a hook of the program's own, as libfuzzer-sys sets one: what panicked stands outside of it.

import type { StackFrame } from '../host/report/place.ts';

/** Where the sources of wasi-libc, Emscripten's libraries, C++'s headers and Rust's crates lie, whoever built them. */
const LIBRARY_FILE =
  /(^|\/)(libc-(top|bottom)-half|emscripten\/system\/lib|include\/c\+\+|library\/(core|alloc|std|panic_abort|panic_unwind))\//;
/** The same without debug information, as far as names tell: only what gives up. */
const GIVES_UP =
  /^(_*abort|__assert_(fail|func)|abort_message|std::(terminate|__terminate)(\(.*|$)|(<?(core|alloc|std|panic_abort)|__rustc(\[\w+\])?)::.*|_*rust_(panic|begin_unwind|start_panic).*)$/;

/** What calls the hook. */
const PANICS = /^(std::panicking::rust_panic_with_hook|_*rust_begin_unwind|rust_panic_with_hook)(::h[0-9a-f]{16})?$/;

export function blamed(stack: readonly StackFrame[]): StackFrame | undefined {
  const placed = (frame: StackFrame) => frame.file !== undefined || (frame.offset !== undefined && !frame.called);
  const panicked = stack.slice(1 + panicOf(stack));
  return panicked.find((frame) => placed(frame) && !isLibrary(frame)) ?? stack.find(placed) ?? stack[0];
}

/** Where the panic begins that ended the program; -1 if none did. What goes wrong while one is told of is not the panic. */
function panicOf(stack: readonly StackFrame[]): number {
  return stack[0] && GIVES_UP.test(stack[0].function) ? stack.findIndex((frame) => PANICS.test(frame.function)) : -1;
}

function isLibrary({ file, function: name }: StackFrame): boolean {
  return file === undefined ? GIVES_UP.test(name) : LIBRARY_FILE.test(file);
}
