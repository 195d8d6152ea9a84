import type { TestProject } from 'vitest/node';
import { ensureBuilt } from './project-build.js';

// The tests of these folders run in the test process alone: a run of nothing else does not wait for a build.
const WITHOUT_SERVER = /^(?:\.\/)?(?:libs|src|console|test\/support|test\/architecture)(?:\/|$)/;

/** Runs once before all test files, so that the build is not part of the time that a test may take. */
export async function setup(project: TestProject): Promise<void> {
  const patterns = chosenFiles(project);
  if (patterns.length === 0 || !patterns.every((pattern) => WITHOUT_SERVER.test(pattern))) {
    await ensureBuilt();
  }
}

/** The file patterns of the command line. Vitest has them in a field that its types leave out. */
function chosenFiles(project: TestProject): readonly string[] {
  const { filenamePattern } = project.vitest as unknown as { filenamePattern?: unknown };
  return Array.isArray(filenamePattern) ? filenamePattern.map(String) : [];
}
