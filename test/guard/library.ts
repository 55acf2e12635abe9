// A small C library with its allocator exported, as glue uses one.

import { compileC } from '../support/compile-c.ts';

const SOURCE = `#include <stdlib.h>
#include <string.h>
__attribute__((export_name("take"))) void *take(int size) { return memset(malloc(size), 65, size); }
__attribute__((export_name("give"))) void give(void *block) { free(block); }
__attribute__((export_name("sum"))) int sum(const unsigned char *from, int count) {
  int total = 0;
  for (int i = 0; i < count; i++) total += from[i];
  return total;
}
`;

export interface Library {
  readonly memory: WebAssembly.Memory;
  readonly take: (size: number) => number;
  readonly give: (block: number) => void;
  readonly sum: (from: number, count: number) => number;
}

export function compileLibrary(): Promise<Uint8Array> {
  return compileC({ file: 'lib.c', source: SOURCE, flags: ['-g', '-O1', '-mexec-model=reactor'] });
}
