// One run of the sql.js workload in a process of its own, as it is or instrumented: prints its peak memory as JSON.

import { VARIANTS } from './instance.ts';
import { loadSqlJs, workload } from './programs.ts';

const variant = VARIANTS.find((v) => v.name === process.argv[2])!;
const sql = await loadSqlJs(variant);
for (let round = 0; round < 3; round++) workload(sql);
console.log(JSON.stringify({ megabytes: process.resourceUsage().maxRSS / 1024 }));
