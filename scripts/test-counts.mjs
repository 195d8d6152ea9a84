// Says of vitest's JSON reports, added up, "N passed, N failed, N skipped". A file that could not be loaded has run no
// test, and counts as one that failed; so does a report that is missing.
import { readFileSync } from 'node:fs';

const total = { passed: 0, failed: 0, skipped: 0 };
for (const path of process.argv.slice(2)) {
  const { passed, failed, skipped } = countsOf(path);
  total.passed += passed;
  total.failed += failed;
  total.skipped += skipped;
}
process.stdout.write(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped\n`);
process.exitCode = total.failed === 0 ? 0 : 1;

function countsOf(path) {
  try {
    const report = JSON.parse(readFileSync(path, 'utf8'));
    const unloaded = report.testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
    );
    const failed = report.numFailedTests + unloaded.length;
    return {
      passed: report.numPassedTests,
      // A global set-up that fails, or an error outside of any test, is in no file's results.
      failed: failed === 0 && !report.success ? 1 : failed,
      skipped: report.numPendingTests + report.numTodoTests,
    };
  } catch (error) {
    process.stderr.write(`The report of the tests cannot be read: ${error.message}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
