import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/build-once.ts'],
    // The command line's TypeScript is stripped once, not once for each of the hundreds of processes that tests start.
    env: { NODE_COMPILE_CACHE: fileURLToPath(new URL('node_modules/.cache/compile', import.meta.url)) },
    testTimeout: 60_000,
    hookTimeout: 60_000, // the first program of a run brings 75 MB of clang with it
    pool: 'forks',
    // Every run of a program makes memories of its own, each of which V8 answers with a full collection of the small heap
    // beside them. Counted together against a larger heap they cost a third less CPU time.
    execArgv: [
      '--external-memory-accounted-in-global-limit',
      '--initial-heap-size=512',
      '--min-semi-space-size=16',
      '--single-threaded-gc',
    ],
    maxWorkers: 2,
  },
});
