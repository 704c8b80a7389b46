import { defineConfig } from 'vitest/config';

/** What talks to servers and browsers and mostly waits for them: two files at a time disturb nobody. */
const waiting = [
  'dist/adapters/{database,similarity}/**/*.integration.test.js',
  'dist/console/**/*.integration.test.js',
  'dist/gateway/{chat-*,cli,kept-sessions,similarity,template-reload}.integration.test.js',
  'dist/gateway/{api,http,routing,services,webhooks,websocket}/**/*.integration.test.js',
];

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
          exclude: waiting,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'servers',
          include: waiting,
          testTimeout: 120_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
