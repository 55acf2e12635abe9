// Small accessors for the header: its fields are constants of abi.ts, read and written in place.
import { HEADER_FLAGS } from './abi';

export function flag(bit: u32): bool {
  return (load<u32>(HEADER_FLAGS) & bit) != 0;
}

export function count(field: u32, by: u32): void {
  store<u32>(field, load<u32>(field) + by);
}

export function raiseFlag(bit: u32): void {
  store<u32>(HEADER_FLAGS, load<u32>(HEADER_FLAGS) | bit);
}
