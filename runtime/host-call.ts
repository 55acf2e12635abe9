// What the host asks before it reads or writes the program's memory on the program's behalf.
import { ACCESS_HOST, ACCESS_RANGE, ACCESS_READ, ACCESS_WRITE } from './abi';
import { Addr } from './addr';
import { rangeIsBad } from './check';

/** The call has no site: its stack is the engine's. */
export function __wasan_check_host(addr: Addr, size: Addr, write: u32): void {
  rangeIsBad(addr, size, ACCESS_RANGE | ACCESS_HOST | (write ? ACCESS_WRITE : ACCESS_READ), 0);
}
