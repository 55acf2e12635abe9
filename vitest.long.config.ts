// npm run test:long: what takes longer than npm test may. A test here says in one line why it skips what a machine lacks.
import { defineConfig } from 'vitest/config';
import config from './vitest.config.ts';

export default defineConfig({
  test: {
    ...config.test,
    include: ['test/**/*.long.ts'],
    testTimeout: 1_800_000,
    maxWorkers: 1,
    reporters: ['verbose'], // a file may take half an hour: each of its tests says when it is done
  },
});
