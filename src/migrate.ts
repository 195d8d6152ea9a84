import 'reflect-metadata';
import { dataSource } from '../ormconfig.js';
import { revertLastMigration, runMigrations } from './database/run-migrations.js';
import { startFailureText } from './startup-messages.js';

/** Takes the same lock as a start. `--revert` reverts the last migration. */
async function run(): Promise<void> {
  await dataSource.initialize();
  try {
    if (process.argv.includes('--revert')) {
      await revertLastMigration(dataSource);
      process.stdout.write('The last migration was taken back.\n');
      return;
    }
    const done = await runMigrations(dataSource);
    const names = done.length === 0 ? 'The tables are up to date.' : `The tables were migrated: ${done.join(', ')}.`;
    process.stdout.write(`${names}\n`);
  } finally {
    await dataSource.destroy();
  }
}

try {
  await run();
} catch (error) {
  process.stderr.write(`The tables cannot be migrated: ${startFailureText(error)}\n`);
  process.exitCode = 1;
}
