import 'reflect-metadata';
import { setTimeout } from 'node:timers/promises';
import { AuditChain } from './audit/audit-chain.js';
import { ChangeRecorder } from './audit/change.recorder.js';
import { Clock } from './common/time/clock.js';
import { readConfiguration } from './config/env.js';
import { ConfigurationError } from './config/environment.reader.js';
import { ChangeFeed } from './database/change-feed.js';
import { DatabaseUnavailableError } from './database/database-unavailable.js';
import { hasTable } from './database/key-checks.js';
import { schemaState } from './database/run-migrations.js';
import { UnitOfWork } from './database/unit-of-work.js';
import { resetAdministrator } from './directory/administrator-reset.js';
import { DirectoryRepository } from './directory/directory.repository.js';
import { drawPassword, FIRST_ADMINISTRATOR } from './directory/first-administrator.js';
import { trustedOrigin } from './directory/login-origin.js';
import { PasswordHasher } from './directory/password.hasher.js';
import { openToRead, type OpenedDatabase } from './opened-database.js';
import { endSessionsOf } from './sessions/ended-sessions.js';
import { startFailureText } from './startup-messages.js';

/** A running server on the same SQLite file may write at the same moment. */
const MAX_ATTEMPTS = 20;

const NEVER_STARTED = 'No server has been started with this database yet. The first start creates the administrator.';

/** The server may be running. */
async function run(): Promise<void> {
  if (process.argv.length > 2) throw new ConfigurationError('Usage: npm run admin:reset (it takes no arguments).');
  const configuration = readConfiguration();
  const database = await openToRead(configuration);
  try {
    await requireOwnTables(database);
    const password = drawPassword();
    const hasher = new PasswordHasher(configuration);
    if (!(await reset(database, await hasher.hash(password, trustedOrigin(null))))) {
      throw new ConfigurationError(NEVER_STARTED);
    }
    process.stdout.write(
      `New password: user name "${FIRST_ADMINISTRATOR}", password "${password}". It is shown only once; keep it.\n`,
    );
  } finally {
    await database.dataSource.destroy();
  }
}

/** @throws ConfigurationError if there are no tables, or those of an older version */
async function requireOwnTables({ dataSource }: OpenedDatabase): Promise<void> {
  if (!(await hasTable(dataSource, 'users'))) throw new ConfigurationError(NEVER_STARTED);
  const { missing } = await schemaState(dataSource.manager);
  if (missing.length === 0) return;
  throw new ConfigurationError(
    'The tables are those of an older version. Start the server, or run: npm run migration:run',
  );
}

async function reset({ dataSource, secrets }: OpenedDatabase, passwordHash: string): Promise<boolean> {
  const clock = new Clock();
  // Running nodes read the change log, and act on the change within a second.
  const unitOfWork = new UnitOfWork(dataSource, new ChangeFeed(), clock);
  const changes = new ChangeRecorder(new AuditChain(secrets, unitOfWork), clock, unitOfWork);
  const parts = { repository: new DirectoryRepository(), changes, clock, endLogins: endSessionsOf };
  try {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await unitOfWork.run((unit) => resetAdministrator(parts, unit, passwordHash));
      } catch (error) {
        if (attempt === MAX_ATTEMPTS || !(error instanceof DatabaseUnavailableError)) throw error;
        await setTimeout(50 * attempt);
      }
    }
  } finally {
    // Its connections would keep the process alive.
    await unitOfWork.onApplicationShutdown();
  }
}

try {
  await run();
} catch (error) {
  process.stderr.write(`The password cannot be reset: ${startFailureText(error)}\n`);
  process.exitCode = 1;
}
