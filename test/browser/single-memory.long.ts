// All of KASAN's test suite with memory 1 in a second instance.

import { singleMemorySuite } from './kasan-single-memory.ts';

singleMemorySuite(() => true);
