import 'reflect-metadata';
import { parseInstant } from '@scopegate/token';
import { AuditChain } from './audit/audit-chain.js';
import { AuditVerifier } from './audit/audit-verifier.js';
import { Clock } from './common/time/clock.js';
import { readConfiguration } from './config/env.js';
import { ConfigurationError } from './config/environment.reader.js';
import { ChangeFeed } from './database/change-feed.js';
import { UnitOfWork } from './database/unit-of-work.js';
import { openToRead } from './opened-database.js';
import { startFailureText } from './startup-messages.js';

const USAGE = 'Usage: npm run audit:verify -- [--from <ISO 8601 with offset>] [--to <ISO 8601 with offset>]';

function readRange(words: readonly string[]): { readonly fromMs: number | null; readonly toMs: number | null } {
  const range: { fromMs: number | null; toMs: number | null } = { fromMs: null, toMs: null };
  for (let index = 0; index < words.length; index += 2) {
    const name = words[index];
    const instant = parseInstant(words[index + 1] ?? '');
    if (name !== '--from' && name !== '--to') throw new ConfigurationError(`"${name}" is unknown. ${USAGE}`);
    if (!instant.ok) throw new ConfigurationError(`${name}: ${instant.message} ${USAGE}`);
    range[name === '--from' ? 'fromMs' : 'toMs'] = instant.instantMs;
  }
  return range;
}

/** Returns the exit code: 1 if the log is broken. */
async function run(): Promise<number> {
  const range = readRange(process.argv.slice(2));
  const configuration = readConfiguration();
  const { dataSource, secrets } = await openToRead(configuration);
  const unitOfWork = new UnitOfWork(dataSource, new ChangeFeed(), new Clock());
  try {
    const verifier = new AuditVerifier(unitOfWork, new AuditChain(secrets, unitOfWork));
    const verification = await verifier.verify(range);
    process.stdout.write(`${JSON.stringify(verification)}\n`);
    return verification.intact ? 0 : 1;
  } finally {
    // Its connections would keep the process alive.
    await unitOfWork.onApplicationShutdown();
    await dataSource.destroy();
  }
}

try {
  process.exitCode = await run();
} catch (error) {
  process.stderr.write(`The audit log cannot be verified: ${startFailureText(error)}\n`);
  process.exitCode = 2;
}
