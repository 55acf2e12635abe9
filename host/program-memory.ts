// Which memory is the program's, where the program exports it?

/** The first memory that is not memory 1. Large modules have a hundred thousand exports: no list of them is made. */
export function exportedMemory(
  exports: WebAssembly.Exports,
  memory1: WebAssembly.Memory | undefined,
): WebAssembly.Memory | undefined {
  for (const name in exports) {
    const value = exports[name];
    if (value instanceof WebAssembly.Memory && value !== memory1) return value;
  }
  return undefined;
}
