import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import type { DepositState, Eventually } from '@scopegate/access';
import { credentialLine } from '@scopegate/upstream';
import { LRUCache } from 'lru-cache';
import type { ProtectedApplication } from '../applications/application.js';
import { SYSTEM_ACTOR } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { AuditShipper } from '../audit/audit-shipper.js';
import { Clock } from '../common/time/clock.js';
import { ChangeFeed, type Subjects } from '../database/change-feed.js';
import { RowReader } from '../database/row.reader.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { SecretBox } from '../keys/secret-box.js';
import { depositRulesOf, depositState, openDeposit, type OpenedDeposit } from './deposit.js';
import type { DepositEntity } from './deposit.entity.js';
import { changedDeposit } from './deposit.mapper.js';
import { DepositRepository, type DepositUse } from './deposit.repository.js';

/** Users, with all that they have deposited. */
const CAPACITY = 50_000;

/** Characters of all texts in memory; most deposits have fewer than a thousand. */
const MAX_CHARACTERS = 64 * 1_048_576;

/** The use of a deposit is written at most this often. */
const USE_WRITTEN_EVERY_MS = 60_000;

class RememberedDeposit implements OpenedDeposit {
  constructor(
    readonly state: DepositState,
    readonly lines: readonly string[],
    readonly version: string,
    /** The last use that is written, or will be. */
    public notedAtMs: number,
  ) {}
}

/** A row, opened at its first use. */
class KnownDeposit {
  #opened: RememberedDeposit | null = null;
  #application: ProtectedApplication | null = null;
  #isRejected: boolean;

  constructor(
    private readonly row: DepositEntity,
    private readonly box: SecretBox,
  ) {
    this.#isRejected = row.isRejected;
  }

  get size(): number {
    // The sealed text, and the opened one.
    return 2 * this.row.sealed.length + this.row.endpoint.length;
  }

  isRefused({ version }: OpenedDeposit): boolean {
    return this.row.version === version && this.#isRejected;
  }

  reject({ version }: OpenedDeposit): void {
    if (this.row.version !== version) return;
    this.#isRejected = true;
    this.#opened = null;
  }

  /** A changed application has another address, or other accounts. */
  openFor(application: ProtectedApplication): RememberedDeposit {
    if (this.#opened !== null && this.#application === application) return this.#opened;
    this.#application = application;
    this.#opened = this.#open(application, this.#opened?.notedAtMs ?? this.row.lastUsedAtMs ?? 0);
    return this.#opened;
  }

  #open(application: ProtectedApplication, notedAtMs: number): RememberedDeposit {
    const { version } = this.row;
    const state = depositState({ ...this.row, isRejected: this.#isRejected }, application);
    if (state !== 'working') return new RememberedDeposit(state, [], version, notedAtMs);
    const rules = depositRulesOf(application);
    const credential = openDeposit(this.box, this.row);
    // Its key is gone: only its owner can help.
    if (rules === null || credential === null) return new RememberedDeposit('unchecked', [], version, notedAtMs);
    const line = credentialLine({ ...credential, header: null }, credential.secret, rules.bearer);
    return new RememberedDeposit(state, line, version, notedAtMs);
  }
}

/** By the key of the application. */
type DepositsOfUser = ReadonlyMap<string, KnownDeposit>;

/**
 * From memory, or by one indexed read that concurrent requests share. A secret is decrypted once. The change topic
 * `deposit` ends what is remembered, on every node.
 */
@Injectable()
export class DepositCache implements OnModuleInit {
  readonly #logger = new Logger(DepositCache.name);
  readonly #users = new LRUCache<string, DepositsOfUser>({
    max: CAPACITY,
    maxSize: MAX_CHARACTERS,
    sizeCalculation: sizeOf,
  });
  readonly #rows = new RowReader<DepositsOfUser>(
    (userId) => this.#load(userId),
    (userId, deposits) => this.#users.set(userId, deposits),
  );
  #uses: DepositUse[] = [];

  constructor(
    private readonly deposits: DepositRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly audit: AuditService,
    private readonly shipper: AuditShipper,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.changes.subscribe('deposit', (userIds) => this.#forget(userIds));
    this.changes.subscribe('applications', (keys) => this.#forgetApplications(keys));
    this.shipper.onFlush(() => this.#storeUses());
  }

  /** At once if it is remembered. Null: there is none. */
  find(application: ProtectedApplication, userId: string): Eventually<OpenedDeposit | null> {
    const known = this.#users.get(userId);
    if (known === undefined) return this.#rows.read(userId).then((read) => openedOf(read, application));
    return openedOf(known, application);
  }

  /** It goes upstream. Called for each request. */
  noteUse({ key }: ProtectedApplication, userId: string, used: OpenedDeposit): void {
    const nowMs = this.clock.nowMs();
    if (!(used instanceof RememberedDeposit) || nowMs - used.notedAtMs < USE_WRITTEN_EVERY_MS) return;
    used.notedAtMs = nowMs;
    this.#uses.push({ application: key, userId, version: used.version, usedAtMs: nowMs });
  }

  /**
   * The upstream has refused it. `find` says so from now on, on this node at once. A newer deposit or check of the same
   * user stays as it is. Never throws.
   */
  noteRejected({ key }: ProtectedApplication, userId: string, refused: OpenedDeposit): void {
    const known = this.#users.peek(userId)?.get(key);
    // Many requests may have been under way with it.
    if (known?.isRefused(refused) === true) return;
    known?.reject(refused);
    this.#storeRejected(key, userId, refused.version).catch((error: unknown) => {
      this.#logger.warn(`That a credential was refused by ${key} could not be stored: ${String(error)}`);
    });
  }

  #storeRejected(application: string, userId: string, version: string): Promise<void> {
    return this.unitOfWork.run(async (unit) => {
      const rejection = await this.deposits.reject(unit, { application, userId }, version);
      if (rejection === null) return;
      this.audit.recordChange(unit.manager, SYSTEM_ACTOR, changedDeposit(rejection.before, rejection.after));
    });
  }

  async #load(userId: string): Promise<DepositsOfUser> {
    const rows = await this.deposits.allOfUser(userId);
    return new Map(rows.map((row) => [row.application, new KnownDeposit(row, this.box)]));
  }

  /** After a failure, they are written the next time. */
  async #storeUses(): Promise<void> {
    if (this.#uses.length === 0) return;
    const uses = this.#uses;
    this.#uses = [];
    try {
      await this.deposits.storeUses(uses);
    } catch (error) {
      this.#uses = [...uses, ...this.#uses].slice(0, CAPACITY);
      throw error;
    }
  }

  #forget(userIds: Subjects): void {
    if (userIds === 'all') {
      this.#forgetAll();
      return;
    }
    for (const userId of userIds) {
      this.#rows.noteChange(userId);
      this.#users.delete(userId);
    }
  }

  /** Deposits end with their application, and another one may have its key now. */
  #forgetApplications(keys: Subjects): void {
    this.#rows.noteChangeOfAll();
    if (keys === 'all') {
      this.#forgetAll();
      return;
    }
    for (const [userId, deposits] of this.#users.entries()) {
      if ([...keys].some((key) => deposits.has(key))) this.#users.delete(userId);
    }
  }

  #forgetAll(): void {
    this.#rows.noteChangeOfAll();
    this.#users.clear();
  }
}

function openedOf(deposits: DepositsOfUser, application: ProtectedApplication): OpenedDeposit | null {
  return deposits.get(application.key)?.openFor(application) ?? null;
}

function sizeOf(deposits: DepositsOfUser): number {
  let size = 100;
  for (const deposit of deposits.values()) size += deposit.size + 500;
  return size;
}
