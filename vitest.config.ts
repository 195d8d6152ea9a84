import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const fromRoot = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Run by `npm run test:faults`: each takes a minute or more, since a fault of a server has to last. */
const FAULT_TESTS = ['test/faults/**/*.fault-spec.ts'];

const TESTS = [
  'libs/**/*.spec.ts',
  'src/**/*.spec.ts',
  'packages/*/src/**/*.spec.ts',
  'console/src/**/*.spec.ts',
  'test/**/*.{spec,e2e-spec,int-spec,arch-spec}.ts',
];

export default defineConfig(({ mode }) => ({
  resolve: {
    alias: [{ find: /^@scopegate\/([a-z]+)$/, replacement: fromRoot('./libs/$1/index.ts') }],
  },
  test: {
    include: mode === 'faults' ? FAULT_TESTS : TESTS,
    exclude: ['node_modules', 'dist'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // One more than the two processors of a small machine: many tests wait for a time limit or another process.
    maxWorkers: 3,
    testTimeout: mode === 'faults' ? 300_000 : 120_000,
    // A machine that others use too may stall for seconds: a state is waited for, and its time limit decides nothing.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 120_000,
  },
}));
