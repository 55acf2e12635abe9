// Calls through null function pointers, as instrumented code sees them coming.
import { KIND_BAD_INDIRECT_CALL } from './abi';
import { accessesReported, finding } from './report';

export function null_call(site: u32): void {
  if (accessesReported()) finding(KIND_BAD_INDIRECT_CALL, 0, 0, 0, 0, site, 0, 0, 0, 0);
}
