// The type of a program address: u64, for programs with a 64-bit memory. See addr.ts.
export type Addr = u64;
