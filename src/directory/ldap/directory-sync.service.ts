import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import {
  fingerprintOf,
  isNoPlan,
  planSync,
  type FoundState,
  type NameRules,
  type SyncConflict,
  type SyncPlan,
} from '@scopegate/directory';
import type { EntityManager } from 'typeorm';
import type { Actor } from '../../audit/actor.js';
import { AuditService } from '../../audit/audit.service.js';
import { ProblemException } from '../../common/http/problem.exception.js';
import { StopState } from '../../common/stop/stop-state.js';
import { Clock } from '../../common/time/clock.js';
import { ExclusiveWork, type HeldLease } from '../../database/held-lease.js';
import { LeaseService } from '../../database/lease.service.js';
import { UnitOfWork } from '../../database/unit-of-work.js';
import { emailProblem, groupNameProblem, nameProblem, userNameProblem } from '../name.rules.js';
import { GroupEntity } from '../group.entity.js';
import { UserEntity } from '../user.entity.js';
import { DirectoriesService } from './directories.service.js';
import { directoryActor } from './directory-actor.js';
import { DirectoryEntity } from './directory.entity.js';
import { DirectoryReader } from './directory.reader.js';
import { readStoredState } from './directory-state.reader.js';
import { DirectorySyncWriter } from './directory-sync.writer.js';
import type { DirectorySyncDto } from './dto/directory.dto.js';
import { LdapConnection } from './ldap.connector.js';
import { ldapFailureOf } from './ldap-failure.js';
import { MAX_CONFLICTS, type DirectoryStatus, type StoredDirectory, type WaitingSync } from './stored-directory.js';

/** For connecting to a directory and reading it whole. */
const READ_MS = 5 * 60_000;

/** After a crash, the directory can be synchronised again once this has passed. */
const LEASE_TIMES = { durationMs: 60_000, renewalMs: 15_000 };

/** After this, what is left is done by the next synchronisation. */
const WRITE_MS = 10 * 60_000;

/** A hundred thousand users are 200 statements. */
const STATE_MS = 60_000;

const RULES: NameRules = {
  username: userNameProblem,
  displayName: nameProblem,
  email: emailProblem,
  group: groupNameProblem,
};

const CHANGED_MEANWHILE = 'The directory was changed while it was being synchronised. Synchronise it again.';

const UNFINISHED = 'The synchronisation did not come to its end; the next one does the rest.';

/** What a synchronisation stores of itself. */
type SyncState = Partial<Omit<DirectoryStatus, 'conflicts'>> & { conflicts?: SyncConflict[] };

type SyncEvent = Parameters<AuditService['recordChange']>[2];

/** Makes the users and groups of a directory what the directory says (R93), but never on a doubtful answer (R94). */
@Injectable()
export class DirectorySyncService implements OnModuleDestroy {
  readonly #logger = new Logger(DirectorySyncService.name);
  /** Each ends the reading of a directory. */
  readonly #readings = new Set<AbortController>();
  readonly #exclusive: ExclusiveWork;
  #isStopping = false;

  constructor(
    private readonly directories: DirectoriesService,
    private readonly writer: DirectorySyncWriter,
    leases: LeaseService,
    private readonly unitOfWork: UnitOfWork,
    private readonly audit: AuditService,
    private readonly clock: Clock,
    private readonly stopState: StopState,
  ) {
    this.#exclusive = new ExclusiveWork(leases, LEASE_TIMES, beingSynchronised);
  }

  /** A directory that hangs does not delay the stop. */
  onModuleDestroy(): void {
    this.#isStopping = true;
    for (const reading of this.#readings) reading.abort();
  }

  /**
   * @param isDue asked once this node holds the lease: another one may have been quicker
   * @returns null if it is not due any more
   * @throws a 404; a 409 if it is switched off, being synchronised, or changed meanwhile; a 503 without a usable answer,
   *   or where it does not come to its end: what was written stays
   */
  synchronise(key: string, isDue: (now: StoredDirectory) => boolean): Promise<DirectorySyncDto | null> {
    return this.#alone(key, async (directory, lease) => (isDue(directory) ? this.#run(directory, lease, null) : null));
  }

  /** Carries out what was held. @throws as `synchronise`, and a 409 if nothing waits */
  confirm(key: string): Promise<DirectorySyncDto> {
    return this.#alone(key, (directory, lease) => {
      const { waiting } = directory.status;
      if (waiting === null) throw new ProblemException('conflict', 'No synchronisation waits to be confirmed.');
      return this.#run(directory, lease, waiting);
    });
  }

  /** Its users become inactive and stay, with their tokens and events. @throws a 404, or a 409 */
  async disconnect(key: string, actor: Actor): Promise<void> {
    await this.#alone(
      key,
      async () => {
        const stored = await this.unitOfWork.read(
          (manager) => readStoredState(manager, key, { users: [], groups: [] }),
          { lane: 'lists', timeoutMs: STATE_MS },
        );
        await this.writer.disconnect(key, stored.users, stored.groups, actor);
        await this.unitOfWork.run(async (unit) => {
          await this.directories.remove(unit, key, actor);
          // A process that was paused beyond its lease may have gone on meanwhile.
          if (await unit.manager.existsBy(UserEntity, { directory: key, active: true })) throw beingSynchronised();
        });
      },
      true,
    );
  }

  /** On this node and all others, no other call works on the directory. @throws a 409 if one does */
  #alone<Result>(
    key: string,
    work: (directory: StoredDirectory, lease: HeldLease) => Promise<Result>,
    isAlsoOff = false,
  ): Promise<Result> {
    this.directories.get(key);
    return this.#exclusive.run(`directory:${key}`, async (lease) => {
      // As it is now: another node may just have changed it.
      const directory = await this.unitOfWork.run((unit) => this.directories.lock(unit, key));
      if (!directory.document.enabled && !isAlsoOff) {
        throw new ProblemException('conflict', 'The directory is switched off. Set "enabled" first.');
      }
      return work(directory, lease);
    });
  }

  async #run(directory: StoredDirectory, lease: HeldLease, confirmed: WaitingSync | null): Promise<DirectorySyncDto> {
    const { key, document } = directory;
    const found = await this.#read(directory);
    const stored = await this.unitOfWork.read((manager) => readStoredState(manager, key, found), {
      lane: 'lists',
      timeoutMs: STATE_MS,
    });
    const { maxDeactivations } = document;
    const plan = planSync(found, stored, { nowMs: this.clock.nowMs(), maxDeactivations, rules: RULES });
    if (isNoPlan(plan)) return this.#fail(directory, plan.refusal);
    const counted = countsOf(plan);
    const fingerprint = fingerprintOf(plan);
    if (plan.hold !== null && confirmed?.fingerprint !== fingerprint) {
      await this.#hold(directory, plan, { ...plan.hold, fingerprint });
      return { ...counted, held: true };
    }
    const endsAtMs = this.clock.nowMs() + WRITE_MS;
    const mayGoOn = async (): Promise<boolean> =>
      !this.#mustStop && this.clock.nowMs() < endsAtMs && (await lease.stillHolds());
    const done = await this.writer.carryOut(directory, plan, directoryActor(key), mayGoOn);
    if (!done.isComplete) return this.#leaveUnfinished(directory);
    await this.#succeed(directory, [...done.conflicts, ...plan.conflicts]);
    return { ...counted, groups: done.groups, held: false };
  }

  get #mustStop(): boolean {
    return this.#isStopping || this.stopState.isStopping;
  }

  /** @throws a 503: nothing would be written any more */
  #requireRunning(): void {
    if (this.#mustStop) throw new ProblemException('policy_unavailable', 'The server is stopping.');
  }

  async #read(directory: StoredDirectory): Promise<FoundState> {
    let connection: LdapConnection | null = null;
    const reading = new AbortController();
    const limit = setTimeout(() => reading.abort(), READ_MS);
    this.#readings.add(reading);
    try {
      this.#requireRunning();
      const password = this.directories.passwordOf(directory);
      connection = await LdapConnection.open(directory.document, undefined, reading.signal);
      this.#requireRunning();
      await connection.bind(directory.document.bindDn, password);
      return await new DirectoryReader(connection, directory.document).state();
    } catch (error) {
      this.#requireRunning();
      const failure = ldapFailureOf(error);
      return await this.#fail(directory, failure.message, failure.said);
    } finally {
      clearTimeout(limit);
      this.#readings.delete(reading);
      connection?.close();
    }
  }

  /** Nothing else is changed: the state before it goes on (R94). @throws always a 503, or a 409 as `#store` */
  async #fail(directory: StoredDirectory, reason: string, said: string | null = null): Promise<never> {
    const { key, status } = directory;
    const isNew = status.failure === null;
    const detail = { subject: key, reason, ...(said === null ? {} : { said }) };
    await this.#store(directory, () => ({ failure: reason }), isNew ? { type: 'directory.failed', detail } : null);
    if (isNew) {
      this.#logger.warn(`The directory ${key} cannot be synchronised; the last state goes on. ${reason} ${said ?? ''}`);
    }
    throw new ProblemException('directory_unavailable', `${reason} Users and groups stay as they are.`);
  }

  /** It is no success, and no fault of the directory either. @throws always a 503, or a 409 as `#store` */
  async #leaveUnfinished(directory: StoredDirectory): Promise<never> {
    await this.#store(directory, () => ({}), null);
    this.#logger.warn(`The directory ${directory.key}: ${UNFINISHED}`);
    throw new ProblemException('directory_unavailable', UNFINISHED);
  }

  async #hold(directory: StoredDirectory, plan: SyncPlan, hold: Omit<WaitingSync, 'sinceMs'>): Promise<void> {
    const { key, status } = directory;
    const known = status.waiting?.fingerprint === hold.fingerprint ? status.waiting : null;
    const waiting: WaitingSync = { ...hold, sinceMs: known?.sinceMs ?? this.clock.nowMs() };
    const { deactivations, activeUsers, emptiedGroups, groups } = hold;
    const detail = { subject: key, deactivations, activeUsers, emptiedGroups, groups };
    await this.#store(
      directory,
      () => ({ failure: null, waiting, conflicts: plan.conflicts.slice(0, MAX_CONFLICTS) }),
      known === null ? { type: 'directory.held', detail } : null,
    );
    if (known === null) {
      this.#logger.warn(
        `The synchronisation of the directory ${key} would deactivate ${deactivations} of ${activeUsers} users and ` +
          `empty ${emptiedGroups} of ${groups} groups. Nothing has been changed: an administrator has to confirm it.`,
      );
    }
  }

  async #succeed(directory: StoredDirectory, conflicts: StoredDirectory['status']['conflicts']): Promise<void> {
    const { key, status } = directory;
    const isRecovered = status.failure !== null;
    await this.#store(
      directory,
      async (manager, lastSuccessAtMs) => ({
        lastSuccessAtMs,
        failure: null,
        waiting: null,
        conflicts: conflicts.slice(0, MAX_CONFLICTS),
        userCount: await manager.countBy(UserEntity, { directory: key, active: true }),
        groupCount: await manager.countBy(GroupEntity, { directory: key }),
      }),
      isRecovered ? { type: 'directory.recovered', detail: { subject: key } } : null,
    );
    if (isRecovered) this.#logger.log(`The directory ${key} can be synchronised again.`);
  }

  /**
   * Stores how a synchronisation went, and when.
   * @throws a 404 if the directory is gone; a 409 if it was changed meanwhile: then only the time is stored
   */
  async #store(
    { key, version }: StoredDirectory,
    stateAt: (manager: EntityManager, nowMs: number) => SyncState | Promise<SyncState>,
    event: SyncEvent | null,
  ): Promise<void> {
    const isChanged = await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      const now = await this.directories.lock(unit, key);
      const lastSyncAtMs = this.clock.nowMs();
      const state = now.version === version ? await stateAt(manager, lastSyncAtMs) : {};
      await manager.update(DirectoryEntity, { key }, { ...state, lastSyncAtMs });
      if (now.version === version && event !== null) this.audit.recordChange(manager, directoryActor(key), event);
      unit.changed('directories', key);
      return now.version !== version;
    });
    if (isChanged) throw new ProblemException('conflict', CHANGED_MEANWHILE);
  }
}

function beingSynchronised(): ProblemException {
  return new ProblemException('conflict', 'The directory is being synchronised. Try again in a moment.');
}

function countsOf(plan: SyncPlan): Omit<DirectorySyncDto, 'held'> {
  const disabled = plan.change.filter(({ before, after }) => before.active && !after.active).length;
  return {
    created: plan.create.length,
    changed: plan.change.length - disabled,
    deactivated: plan.deactivations,
    groups: plan.groups.create.length + plan.groups.vanished.length,
  };
}
