// Tables of numbers that grow with what they hold: several typed arrays of one length, each doubled where one is full.

type Numbers = Int32Array | Uint32Array | Float64Array | Uint8Array;

/** A copy with room for as much again. */
export function doubled<T extends Numbers>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}
