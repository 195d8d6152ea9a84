import type { MigrationInterface, QueryRunner } from 'typeorm';
import { createIndex, dropIndex } from '../schema-steps.js';

/** One index for each order of the lists of tokens (R82). */
const INDEXES = [
  { name: 'idx_tokens_last_used', columnNames: ['last_used_at_ms'] },
  { name: 'idx_tokens_description', columnNames: ['description'] },
  { name: 'idx_tokens_owner_name', columnNames: ['owner_name'] },
];

export class TokenListIndexes1795910600000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    for (const index of INDEXES) await createIndex(runner, 'tokens', index);
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const { name } of INDEXES) await dropIndex(runner, 'tokens', name);
  }
}
