import { userNameKey } from '@scopegate/token';
import { TableColumn, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dialectOf } from '../dialect/index.js';
import { addColumn, createIndex, dropColumn, dropIndex } from '../schema-steps.js';

/** Texts are compared byte by byte on every database. Owners are found by our own key without case. */
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
    // Going back could make two rows one key: the former comparison treated more texts as equal.
  }
}
