import { userNameKey } from '@scopegate/token';
import { TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { addColumn, createIndex, dropColumn, dropIndex } from '../schema-steps.js';

/**
 * Texts are compared byte by byte on every database, and the owner of a token is looked up by the name's own key in place
 * of the database's idea of case.
 */
export class ExactTexts1795824300000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await dialectOf(runner.dataSource).compareExactly(runner);
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
