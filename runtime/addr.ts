// The type of a program address: u32, for programs with a 32-bit memory.
// build.mts reads addr64.ts in the place of this file when it builds the memory64 runtime.
export type Addr = u32;
