// What the runtime asks of the host: one call per finding.

/** The REPORT record is complete. Answers whether to stop the program. */
export declare function report(): u32;
