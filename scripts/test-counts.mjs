// Says of the reports of scripts/json-report.mjs, added up, "N passed, N failed, N skipped". A file that could not be loaded
// has run no test, and counts as one that failed; so do an error outside of any test and a report that is missing.
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
    const { testResults, errors, success } = JSON.parse(readFileSync(path, 'utf8'));
    const tests = testResults.flatMap((file) => file.assertionResults.map(({ status }) => status));
    const unloaded = testResults.filter(
      (file) => file.status === 'failed' && !file.assertionResults.some(({ status }) => status === 'failed'),
    );
    const passed = tests.filter((status) => status === 'passed').length;
    const failed = tests.filter((status) => status === 'failed').length;
    const faults = failed + unloaded.length + errors.length;
    return {
      passed,
      // A global set-up that fails is in no file's results.
      failed: faults === 0 && !success ? 1 : faults,
      skipped: tests.length - passed - failed,
    };
  } catch (error) {
    process.stderr.write(`The report of the tests cannot be read: ${error.message}\n`);
    return { passed: 0, failed: 1, skipped: 0 };
  }
}
