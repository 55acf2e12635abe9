// Where the program's stack lies: its own place, and the spare stack once a frame did not fit there (runtime/spare-stack.ts).

import * as abi from '../runtime/abi.ts';
import { type MemoryImage, readU32 } from './report/memory-image.ts';

export interface StackRegion {
  readonly low: number;
  readonly high: number;
  /** Frame numbers, one u32 per 16 bytes, in memory 1; 0 if there are none. */
  readonly map: number;
}

/** The program's own first. Empty where nothing is known. */
export function stackRegions(image: MemoryImage): StackRegion[] {
  const region = (low: number, high: number, map: number) => ({
    low: readU32(image, low),
    high: readU32(image, high),
    map: readU32(image, map),
  });
  return [
    region(abi.HEADER_STACK_LOW, abi.HEADER_STACK_HIGH, abi.HEADER_STACK_MAP),
    region(abi.HEADER_SPARE_LOW, abi.HEADER_SPARE_HIGH, abi.HEADER_SPARE_MAP),
  ].filter((r) => r.high > r.low);
}
