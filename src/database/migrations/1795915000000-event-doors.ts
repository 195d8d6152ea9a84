import type { MigrationInterface, QueryRunner } from 'typeorm';
import { addEmptyColumn, dropColumn } from '../schema-steps.js';

/** Through which door a request came (R91). Older events keep null, because their links do not cover a door. */
export class EventDoors1795915000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await addEmptyColumn(runner, 'audit_events', 'door', 16);
  }

  async down(runner: QueryRunner): Promise<void> {
    // The links of the events with a door do not match without it: a verification reports these events as changed.
    await dropColumn(runner, 'audit_events', 'door');
  }
}
