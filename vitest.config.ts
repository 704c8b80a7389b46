import { defineConfig } from 'vitest/config';

/** Tests run on the compiled output, so that what is tested is what ships (worker threads included). */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['dist/**/*.test.js'],
          exclude: ['dist/**/*.integration.test.js'],
          testTimeout: 15_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['dist/**/*.integration.test.js'],
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
