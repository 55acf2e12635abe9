// Turns a linker's name into the one the programmer wrote, for C++ (Itanium) and Rust; other names stay as they are.

import { demangleItanium } from './demangle-itanium.ts';
import { demangleRust } from './demangle-rust.ts';

/** Longer names are left alone: they are not for reading, and decoding them could take long. */
const MAX_LENGTH = 20_000;

export function demangle(name: string): string {
  if (name.length > MAX_LENGTH) return name;
  return demangleRust(name) ?? demangleItanium(name) ?? name;
}
