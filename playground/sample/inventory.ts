// The playground's sample: a small inventory with three memory bugs. Compiled by AssemblyScript, with its source inside.

const ITEM: usize = 16; // count u32 | price u32 | name, 8 bytes

function newItem(count: u32, price: u32): usize {
  const item = heap.alloc(ITEM);
  store<u32>(item, count);
  store<u32>(item, price, 4);
  return item;
}

/** Bug 1: the name has room for 8 bytes, and its length is not looked at. */
function setName(item: usize, length: i32): void {
  for (let i = 0; i < length; i++) store<u8>(item + 8 + i, 65 + i);
}

function total(items: usize, count: i32): u32 {
  let sum: u32 = 0;
  for (let i = 0; i < count; i++) {
    const item = load<usize>(items + ((<usize>i) << 2));
    sum += load<u32>(item) * load<u32>(item, 4);
  }
  return sum;
}

export function main(): u32 {
  const count = 12;
  const items = heap.alloc((<usize>count) << 2);
  for (let i = 0; i < count; i++) store<usize>(items + ((<usize>i) << 2), newItem(i, 10 * i));
  setName(load<usize>(items), 9);
  heap.free(load<usize>(items, 12));
  const sum = total(items, count); // Bug 2: item 3 is gone
  heap.free(load<usize>(items, 12)); // Bug 3: and is freed again
  for (let i = 4; i < count; i++) heap.free(load<usize>(items + ((<usize>i) << 2)));
  heap.free(items);
  return sum;
}
