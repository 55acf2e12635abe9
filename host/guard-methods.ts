// Which elements each method of a typed array reads and writes, and how many bytes each accessor of a DataView.

/** Elements [from, to). */
export interface Touched {
  readonly from: number;
  readonly to: number;
  readonly write: boolean;
}

type Touches = (length: number, args: readonly unknown[]) => Touched[];

const read = (from: number, to: number): Touched => ({ from, to, write: false });
const write = (from: number, to: number): Touched => ({ from, to, write: true });
const all: Touches = (length) => [read(0, length)];
const change: Touches = (length) => [read(0, length), write(0, length)];

/** An index argument as the language reads it: from the end if negative, within the array. */
function place(value: unknown, length: number, absent: number): number {
  if (value === undefined) return absent;
  const number = Math.trunc(Number(value)) || 0;
  return number < 0 ? Math.max(0, length + number) : Math.min(number, length);
}

/** Methods that are not here touch nothing, or are walked (guard.ts). */
export const METHODS: Readonly<Record<string, Touches>> = {
  set: (length, [source, offset]) => {
    const from = Math.trunc(Number(offset ?? 0)) || 0;
    const count = Number((source as { length?: number } | undefined)?.length ?? 0);
    return from < 0 || from + count > length ? [] : [write(from, from + count)]; // otherwise it throws
  },
  fill: (length, [, start, end]) => [write(place(start, length, 0), place(end, length, length))],
  slice: (length, [start, end]) => [read(place(start, length, 0), place(end, length, length))],
  copyWithin: (length, [target, start, end]) => {
    const to = place(target, length, 0);
    const from = place(start, length, 0);
    const count = Math.min(place(end, length, length) - from, length - to);
    return count > 0 ? [read(from, from + count), write(to, to + count)] : [];
  },
  reverse: change,
  sort: change,
  toReversed: all,
  toSorted: all,
  with: all,
  map: all,
  filter: all,
  forEach: all,
  reduce: all,
  reduceRight: all,
  join: all,
  toString: all,
  toLocaleString: all,
  at: (length, [index]) => {
    const number = Math.trunc(Number(index)) || 0;
    const at = number < 0 ? length + number : number;
    return at >= 0 && at < length ? [read(at, at + 1)] : [];
  },
  subarray: () => [],
};

/** By the accessor's name behind "get" or "set". */
export const DATA_VIEW_BYTES: Readonly<Record<string, number>> = {
  Int8: 1,
  Uint8: 1,
  Int16: 2,
  Uint16: 2,
  Float16: 2,
  Int32: 4,
  Uint32: 4,
  Float32: 4,
  Float64: 8,
  BigInt64: 8,
  BigUint64: 8,
};
