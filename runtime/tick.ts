// Asks the host whether the program may go on: only a fuzzer counts patience, and only it bounds time and memory.
import { HEADER_PATIENCE, REPORT_KIND, TICK } from './abi';
import { report } from './host';

/** Traps if the host says no. */
export function tick(): void {
  if (!load<u32>(HEADER_PATIENCE)) return;
  store<u32>(REPORT_KIND, TICK);
  if (report()) unreachable();
}
