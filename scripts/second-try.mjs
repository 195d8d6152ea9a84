// node scripts/second-try.mjs <report> [option of vitest ...]
//
// Runs the files once more that failed in a report of scripts/json-report.mjs, each alone, if they are few. A machine that
// other work shares may stall for seconds, and a test that then fails does not show a fault of the program. A failure that
// repeats does. One that does not repeat is named on stdout, so that the test is mended: it depends on time. The result of
// the second run takes the place of the first in the report. Exits with 0 if nothing in it has failed any more.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** More failures than this are not due to a short stall. */
const MOST_FILES = 5;

const [reportPath = '', ...options] = process.argv.slice(2);
const report = readReport(reportPath);
process.exitCode = report !== null && tryAgain(report) ? 0 : 1;

function tryAgain({ testResults, errors, ...rest }) {
  const names = new Set(testResults.filter(({ status }) => status === 'failed').map(({ name }) => name));
  for (const { file } of errors) {
    // No single file can be run again for this.
    if (!testResults.some(({ name }) => name === file)) return false;
    names.add(file);
  }
  if (names.size === 0) return false;
  if (names.size > MOST_FILES) {
    process.stderr.write(`${names.size} files failed. Only up to ${MOST_FILES} are run a second time.\n`);
    return false;
  }
  const passed = [...names].filter((name) => {
    const first = testResults.find((file) => file.name === name);
    const second = runAlone(name);
    if (second === null || !hasPassed(first, second)) return false;
    const failures = failuresOf(first, errors);
    process.stdout.write(
      `UNSTEADY: ${relative(process.cwd(), name)}: ${failures.map(({ title }) => title).join('; ')}\n`,
    );
    const message = failures[0].message.split('\n').filter((line) => !line.includes('/node_modules/@vitest/'));
    process.stdout.write(`  It failed with: ${message.join('\n  ')}\n`);
    testResults[testResults.indexOf(first)] = second;
    return true;
  });
  const success = passed.length === names.size;
  const left = errors.filter(({ file }) => !passed.includes(file));
  writeFileSync(reportPath, JSON.stringify({ ...rest, success, testResults, errors: left }));
  return success;
}

/** @returns the result of the file, or null if the run failed or had no such result */
function runAlone(name) {
  process.stderr.write(`\nA second run of ${relative(process.cwd(), name)}, alone:\n`);
  const folder = mkdtempSync(join(tmpdir(), 'second-try-'));
  try {
    const path = join(folder, 'report.json');
    const reporter = fileURLToPath(new URL('json-report.mjs', import.meta.url));
    const { status } = spawnSync(
      process.execPath,
      [
        'node_modules/vitest/vitest.mjs',
        'run',
        name,
        '--maxWorkers=1',
        '--reporter=default',
        `--reporter=${reporter}`,
        `--outputFile.json=${path}`,
        ...options,
      ],
      // What the script itself says is alone on stdout.
      { stdio: ['ignore', 2, 2] },
    );
    return status === 0 ? (readReport(path)?.testResults.find((file) => file.name === name) ?? null) : null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Whether each test that failed at first has now run and passed. A file that could not be loaded has no such test. */
function hasPassed(first, second) {
  const passed = new Set(testsOf(second, 'passed').map(({ fullName }) => fullName));
  return passed.size > 0 && testsOf(first, 'failed').every(({ fullName }) => passed.has(fullName));
}

function failuresOf(first, errors) {
  const failures = [
    ...testsOf(first, 'failed').map(({ fullName, failureMessages }) => ({
      title: fullName.trim(),
      message: failureMessages[0] ?? '',
    })),
    ...errors
      .filter(({ file }) => file === first.name)
      .map(({ message }) => ({ title: 'an error outside of any test', message })),
  ];
  return failures.length > 0 ? failures : [{ title: 'the file itself', message: first.message }];
}

function testsOf(file, wanted) {
  return file.assertionResults.filter(({ status }) => status === wanted);
}

function readReport(path) {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    process.stderr.write(`The report of the tests cannot be read: ${error.message}\n`);
    return null;
  }
}
