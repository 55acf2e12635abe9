// Which frame a bug is told by: the innermost one of the program. Above it may stand what a language does to give up (abort,
// a failed assertion, a panic) and libraries that did what they were asked to: by those all assertions would be one bug.

import type { StackFrame } from '../host/report/place.ts';

/** Where the sources of wasi-libc, Emscripten's libraries, C++'s headers and Rust's crates lie, whoever built them. */
const LIBRARY_FILE =
  /(^|\/)(libc-(top|bottom)-half|emscripten\/system\/lib|include\/c\+\+|library\/(core|alloc|std|panic_abort|panic_unwind))\//;
/** The same without debug information, as far as names tell: only what gives up. */
const GIVES_UP =
  /^(_*abort|__assert_(fail|func)|abort_message|std::(terminate|__terminate)(\(.*|$)|(<?(core|alloc|std|panic_abort)|__rustc(\[\w+\])?)::.*|_*rust_(panic|begin_unwind|start_panic).*)$/;

export function blamed(stack: readonly StackFrame[]): StackFrame | undefined {
  const placed = (frame: StackFrame) => frame.file !== undefined || frame.offset !== undefined;
  return stack.find((frame) => placed(frame) && !isLibrary(frame)) ?? stack.find(placed) ?? stack[0];
}

function isLibrary({ file, function: name }: StackFrame): boolean {
  return file === undefined ? GIVES_UP.test(name) : LIBRARY_FILE.test(file);
}
