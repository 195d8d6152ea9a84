import { userNameKey } from '@scopegate/token';
import { TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { compareExactly } from '../exact-collation.js';
import { addColumn, createIndex, dropColumn, dropIndex } from '../schema.steps.js';

/**
 * Texts are compared byte by byte on every database, and the owner of a token is looked up by the name's own key in place
 * of the database's idea of case.
 */
export class ExactTexts1795824300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await compareExactly(runner, await textTables(runner));
    await addColumn(
      runner,
      'tokens',
      new TableColumn({ name: 'owner_key', type: 'varchar', length: '255', default: "''" }),
    );
    const owners = (await runner.query('SELECT DISTINCT owner_name AS name FROM tokens')) as readonly {
      readonly name: string;
    }[];
    for (const { name } of owners) {
      await runner.query('UPDATE tokens SET owner_key = ? WHERE owner_name = ?', [userNameKey(name), name]);
    }
    await createIndex(runner, 'tokens', { name: 'idx_tokens_owner_key', columnNames: ['owner_key'] });
  }

  async down(runner: QueryRunner): Promise<void> {
    await dropIndex(runner, 'tokens', 'idx_tokens_owner_key');
    await dropColumn(runner, 'tokens', 'owner_key');
    // The former comparison took more texts for the same: going back to it could make two rows one key.
  }
}

/** Every table there is, but for the list of migrations. */
async function textTables(runner: QueryRunner): Promise<readonly string[]> {
  if (runner.dataSource.options.type === 'better-sqlite3') return [];
  const rows = (await runner.query(
    "SELECT TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'BASE TABLE'",
  )) as readonly { readonly name: string }[];
  const { migrationsTableName } = runner.dataSource.options;
  return rows.map(({ name }) => name).filter((name) => name !== migrationsTableName);
}
