// Says of vitest's JSON report "N passed, N failed, N skipped". A file that could not be loaded has run no test, and
// counts as one that failed; so does a report that is missing.
import { readFileSync } from 'node:fs';

let passed = 0;
let failed = 0;
let skipped = 0;
try {
  const report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
  passed = report.numPassedTests;
  skipped = report.numPendingTests + report.numTodoTests;
  const unloaded = report.testResults.filter(
    (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
  );
  failed = report.numFailedTests + unloaded.length;
  // A global set-up that fails, or an error outside of any test, is in no file's results.
  if (failed === 0 && !report.success) failed = 1;
} catch (error) {
  process.stderr.write(`The report of the tests cannot be read: ${error.message}\n`);
  failed = 1;
}
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
