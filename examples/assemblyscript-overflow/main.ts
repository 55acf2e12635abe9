// Takes a buffer from the heap by hand and fills it one byte too far.

const SIZE: usize = 24;

function fill(buffer: usize, count: usize): void {
  for (let i: usize = 0; i <= count; i++) store<u8>(buffer + i, 0xff);
}

const buffer = heap.alloc(SIZE);
fill(buffer, SIZE);
heap.free(buffer);
