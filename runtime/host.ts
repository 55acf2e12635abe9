// What the runtime asks of the host: one call per finding, and one per question of the program's (ask.ts). For the host both are
// the same import.

/** The REPORT record is complete. Answers whether to stop the program. */
export declare function report(): u32;
/** A question is in ASK. Without a host a function that does nothing. */
export declare function ask(): u32;
