// What `npm start -- --help` and `--version` print. It needs neither a build nor any package.
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const USAGE = `Usage: npm start

Starts Scopegate. It is configured by environment variables; the README lists all of them. Those needed most:

  HOST, PORT                  where to listen (127.0.0.1, 3000)
  SCOPEGATE_MANAGEMENT_PORT   a port of its own for /api, /docs and /metrics
  DATABASE_URL                sqlite:./file, or mysql://user:password@host:3306/database
  SCOPEGATE_ADMIN_PASSWORD    the password of the first administrator, "admin"
  SCOPEGATE_DATA_DIR          the database, the generated keys and the audit journal (./data)
  LOG_LEVEL                   fatal, error, warn, info, debug, trace or silent

Options, after "npm start --":

  --help      prints this
  --version   prints the version

Standard output holds the log, one JSON object a line. What people are to read is on standard error: the address, the
password of the first administrator, and why a start failed.
`;

/**
 * @param {readonly string[]} names the arguments of the command line
 * @returns {{ text: string, exitCode: number } | null} what to print, and where to end; null to start the server
 */
export function answerOptions(names) {
  if (names.length === 0) return null;
  if (names.some((name) => name === '--help' || name === '-h')) return { text: USAGE, exitCode: 0 };
  if (names.every((name) => name === '--version' || name === '-v')) {
    const { version } = JSON.parse(readFileSync(join(resolve(import.meta.dirname, '..'), 'package.json'), 'utf8'));
    return { text: `${version}\n`, exitCode: 0 };
  }
  return { text: `Scopegate takes no such argument: ${names.join(' ')}\n\n${USAGE}`, exitCode: 2 };
}
