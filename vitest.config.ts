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
    // Every run of a program makes memories of its own, hundreds of MiB of which it touches few. V8 collects the whole small
    // heap beside them whenever they come to half the largest heap there may be: at its own limit that is every third program,
    // and half of all CPU time. Counted together against a heap nothing fills they go a hundred at a time, with 0.2 GB in use.
    execArgv: [
      '--external-memory-accounted-in-global-limit',
      '--initial-heap-size=512',
      '--max-old-space-size=65536',
      '--min-semi-space-size=16',
      '--no-incremental-marking',
      '--single-threaded-gc',
    ],
    maxWorkers: 2,
  },
});
