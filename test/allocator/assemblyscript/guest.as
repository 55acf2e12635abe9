// A guest in AssemblyScript: garbage of every kind over many collections, and misuse on demand.

class Node {
  next: Node | null = null;
  tags: Set<string> = new Set<string>();
  constructor(public value: i32) {}
}

class Leaf extends Node {
  data: StaticArray<f64> = new StaticArray<f64>(5);
}

let kept: Node | null = null;
const names = new Map<string, i32>();
const table = new Array<(a: i32) => i32>();

function text(i: i32): string {
  const parts = new Array<string>();
  for (let k = 0; k < i % 9; k++) parts.push(k.toString() + '-' + i.toString());
  return parts.join(',').toUpperCase().replaceAll('-', '').padStart(7, 'x') + 'ß'.toUpperCase();
}

function numbers(i: i32): i32 {
  const list = new Array<i32>();
  for (let k = 0; k < 20 + (i % 50); k++) list.push(k * i);
  list.sort((a, b) => b - a);
  while (list.length > 5) list.pop();
  list.length = 3;
  const half = list.slice(1).concat([i]).map<i64>((x) => x * 2);
  const bytes = new Uint8Array(33 + i % 77);
  bytes.fill(7).set(String.UTF8.encode("é" + i.toString()).byteLength > 1 ? [1, 2, 3] : [4]);
  return i32(half.reduce((sum, x) => sum + x, <i64>0)) + bytes.subarray(3)[20];
}

export function churn(rounds: i32): i32 {
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    const node = i % 3 ? new Node(i) : new Leaf(i);
    node.tags.add(text(i));
    if (i % 16 == 0) {
      node.next = kept;
      kept = node;
    }
    names.set(text(i), i);
    if (i % 7 == 0) names.delete(text(i - 3));
    if (i % 100 == 0) table.push((a) => a + 1);
    sum += numbers(i) + table[i % table.length](i);
    if (i % 499 == 0) names.clear();
  }
  let node = kept;
  while (node) {
    sum += node.value + node.tags.size;
    node = node.next;
  }
  return sum + names.size;
}

export function bytes(size: i32): Uint8Array {
  return new Uint8Array(size);
}

export function dataOf(array: Uint8Array): usize {
  return array.dataStart;
}

export function write(at: usize): void {
  store<u8>(at, 1);
}

export function read(at: usize): u8 {
  return load<u8>(at);
}

/** Past the check of its length. */
export function writeByte(array: Uint8Array, at: i32): void {
  unchecked((array[at] = 1));
}

export function readWord(at: usize): u32 {
  return load<u32>(at);
}

/** Every way to resize: smaller, larger where it lies, larger elsewhere. */
export function resize(rounds: i32): i32 {
  let block = heap.alloc(8);
  let size = 8;
  store<u8>(block, 77);
  for (let i = 1; i < rounds; i++) {
    const other = heap.alloc(i * 13 % 200);
    const next = i * 37 % 900 + 1;
    block = heap.realloc(block, next);
    memory.fill(block + 1, u8(i), next - 1);
    size = next;
    if (load<u8>(block) != 77) return -i;
    heap.free(other);
  }
  heap.free(block);
  return size;
}

export function take(size: usize): usize {
  return heap.alloc(size);
}

export function retake(block: usize, size: usize): usize {
  return heap.realloc(block, size);
}

export function give(block: usize): void {
  heap.free(block);
}
