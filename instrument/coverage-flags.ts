/**
 * Flags of a comparison that a fuzzer is told of, in the low byte of its number. PART: it and the one before must both hold.
 * CALL: it is none, but tells which function of a table was called.
 */
export const COMPARE_FLAG = { CONSTANT: 1, STRING: 2, MEMORY: 4, PART: 8, CALL: 16 } as const;
