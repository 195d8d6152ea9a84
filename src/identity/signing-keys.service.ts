import { Injectable, Logger, type OnModuleDestroy, type OnModuleInit } from '@nestjs/common';
import { Interval } from '@nestjs/schedule';
import { isKeyDue, retiredKeys, signingKeyAt } from '@scopegate/upstream';
import type { EntityManager } from 'typeorm';
import { SecretBox } from '../keys/secret-box.js';
import { Clock } from '../common/time/clock.js';
import { ChangeFeed } from '../database/change-feed.js';
import { DatabaseClock } from '../database/database-clock.js';
import { isDuplicateKey } from '../database/duplicate-key.js';
import { Snapshot } from '../database/snapshot.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { makeSigningKey, openSigningKey, type PublicKey, type SigningKey } from './signing-key.js';
import { SigningKeyEntity } from './signing-key.entity.js';

const ROTATION_INTERVAL_MS = 600_000;

interface StoredKeys {
  /** Those that can be decrypted. */
  readonly keys: readonly SigningKey[];
  /** The highest number in use; 0 without a key. */
  readonly lastGeneration: number;
}

/** The keys of assertions (R72): made at the first use, then rotated. All nodes share them. */
@Injectable()
export class SigningKeysService implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(SigningKeysService.name);
  readonly #stored: Snapshot<StoredKeys>;
  #making: Promise<void> | null = null;
  #unreadable = '';

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly clock: Clock,
    private readonly databaseClock: DatabaseClock,
    private readonly box: SecretBox,
  ) {
    this.#stored = new Snapshot('signing keys', () =>
      unitOfWork.read((manager) => this.#read(manager), { lane: 'changes' }),
    );
  }

  async onModuleInit(): Promise<void> {
    this.changes.subscribe('signing-keys', () => this.#stored.reload());
    await this.#stored.reload();
  }

  onModuleDestroy(): void {
    this.#stored.close();
  }

  /** The key that signs now, without a wait if there is one. */
  current(): SigningKey | Promise<SigningKey> {
    return signingKeyAt(this.#stored.current.keys, this.clock.nowMs()) ?? this.#first();
  }

  /**
   * Without a key it reads again, because another node may have made the first one a moment ago. Later keys are
   * published long before they sign, so callers cannot make this node read the database.
   */
  async published(): Promise<readonly PublicKey[]> {
    if (this.#stored.current.keys.length === 0) await this.#stored.reload();
    return this.#stored.current.keys.map(({ publicKey }) => publicKey);
  }

  /** Makes the next key and removes retired ones when it is time. Does nothing before the first use. */
  @Interval(ROTATION_INTERVAL_MS)
  async rotateInTurn(): Promise<void> {
    const { keys } = this.#stored.current;
    const nowMs = this.clock.nowMs();
    if (keys.length === 0 || !(isKeyDue(keys, nowMs) || retiredKeys(keys, nowMs).length > 0)) return;
    try {
      await this.#renewOnce();
    } catch (error) {
      this.#logger.warn(`The signing keys could not be rotated: ${String(error)}`);
    }
  }

  async #first(): Promise<SigningKey> {
    await this.#renewOnce();
    const key = signingKeyAt(this.#stored.current.keys, this.clock.nowMs());
    if (key === null) throw new Error('The signing key that was made cannot be read.');
    return key;
  }

  /** Callers share one attempt. */
  #renewOnce(): Promise<void> {
    this.#making ??= this.#renew().finally(() => (this.#making = null));
    return this.#making;
  }

  async #renew(): Promise<void> {
    // Nodes whose clocks are wrong must not make a key at every turn.
    const nowMs = await this.databaseClock.readMs();
    const keyFor = await makeSigningKey(this.box);
    try {
      await this.unitOfWork.run(async (unit) => {
        const { manager } = unit;
        const { keys, lastGeneration } = await this.#read(manager);
        const retired = retiredKeys(keys, nowMs).map(({ generation }) => generation);
        if (retired.length > 0) await manager.delete(SigningKeyEntity, retired);
        if (isKeyDue(keys, nowMs)) {
          const generation = lastGeneration + 1;
          await manager.insert(SigningKeyEntity, { generation, ...keyFor(generation), createdAtMs: nowMs });
        }
        unit.changed('signing-keys', 'all');
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
      // Another node was first: its key is the one to use.
      await this.#stored.reload();
    }
  }

  async #read(manager: EntityManager): Promise<StoredKeys> {
    const rows = await manager.find(SigningKeyEntity, { order: { generation: 'ASC' } });
    const opened = await Promise.all(rows.map((row) => openSigningKey(this.box, row)));
    this.#reportUnreadable(rows.filter((_row, index) => opened[index] === null));
    return { keys: opened.filter((key) => key !== null), lastGeneration: rows.at(-1)?.generation ?? 0 };
  }

  /** One log line for each set of keys, not one for each reading. */
  #reportUnreadable(rows: readonly SigningKeyEntity[]): void {
    const ids = rows.map(({ id }) => id).join(', ');
    if (ids !== '' && ids !== this.#unreadable) {
      this.#logger.error(
        `Signing keys cannot be decrypted and are not used: ${ids}. They were encrypted with another ` +
          'SCOPEGATE_ENCRYPTION_KEY, or their rows were changed.',
      );
    }
    this.#unreadable = ids;
  }
}
