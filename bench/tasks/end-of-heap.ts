// An address no program uses: there a module with --safe-heap finds the end of its heap.
export const END_OF_HEAP = 16;
