import { Inject, Injectable, type OnModuleDestroy, type OnModuleInit, Logger } from '@nestjs/common';
import type { Route } from '@scopegate/access';
import { type Authority } from '@scopegate/network';
import { type Warning } from '@scopegate/permission';
import { hostOf, parseUpstream } from '@scopegate/upstream';
import type { Actor } from '../audit/actor.js';
import { AuditService } from '../audit/audit.service.js';
import { requireMatch } from '../common/http/entity-tag.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { decodeCursor, pageOf, type Page, type PageQuery } from '../common/paging/page.js';
import { Clock } from '../common/time/clock.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import { ChangeFeed } from '../database/change-feed.js';
import { findExactRow } from '../database/exact-row.js';
import { Snapshot } from '../database/snapshot.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import type { Save, Versioned } from '../documents/stored-document.js';
import { SettingsService } from '../settings/settings.service.js';
import { describeApplication, describeApplicationChange } from './application-change.js';
import { checkApplication } from './application-check.js';
import { ApplicationEntity } from './application.entity.js';
import { sealIdentity } from './application-identity.js';
import { accept, patched } from './application-patch.js';
import { tagOf } from './application.mapper.js';
import {
  holdUnchanged,
  lockedRow,
  noSuchApplication,
  requireFreeMount,
  storing,
  toStored,
} from './application.repository.js';
import { ApplicationRoutes } from './application-routes.js';
import { protect, type ApplicationDocument, type ProtectedApplication, type StoredApplication } from './application.js';
import { versionSourceOf, type VersionFinding } from './application-version.js';
import {
  identityRefusedWarning,
  MOUNTED_UPSTREAM,
  nativeTokenWarnings,
  sharedOriginWarnings,
} from './application-warning.js';
import { CreateApplicationDto } from './dto/application.dto.js';
import { IdentityBeliefs } from './identity-beliefs.js';
import { mountKey } from './mount.js';
import { OwnListeners } from './own-listeners.js';
import { SecretBox } from '../keys/secret-box.js';
import { openTls, sealTls } from './upstream-tls.js';
import { VersionReader } from './version.reader.js';

interface Applications {
  readonly stored: readonly StoredApplication[];
  readonly all: readonly ProtectedApplication[];
  readonly byKey: ReadonlyMap<string, ProtectedApplication>;
  readonly routes: ApplicationRoutes<ProtectedApplication>;
}

/** Runs in the transaction that deletes an application. */
type DeletingHook = (unit: Unit, key: string) => Promise<void>;

/** The only way to change applications. */
@Injectable()
export class ApplicationsService implements OnModuleInit, OnModuleDestroy {
  readonly #logger = new Logger(ApplicationsService.name);
  readonly #snapshot = new Snapshot('applications', () => this.#read());
  readonly #documents = () => this.#snapshot.current.stored.map(({ document }) => document);
  readonly #deletingHooks: DeletingHook[] = [];

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly changes: ChangeFeed,
    private readonly audit: AuditService,
    private readonly settings: SettingsService,
    private readonly box: SecretBox,
    private readonly versions: VersionReader,
    private readonly listeners: OwnListeners,
    private readonly beliefs: IdentityBeliefs,
    private readonly clock: Clock,
    @Inject(CONFIGURATION) private readonly configuration: Pick<Configuration, 'managementPort'>,
  ) {}

  async onModuleInit(): Promise<void> {
    this.changes.subscribe('applications', (keys) => {
      for (const key of keys === 'all' ? this.#snapshot.current.byKey.keys() : keys) this.beliefs.forget(key);
      return this.#snapshot.reload();
    });
    await this.#snapshot.reload();
    this.settings.addWarningSource(() => nativeTokenWarnings(this.#documents()));
  }

  onModuleDestroy(): void {
    this.#snapshot.close();
  }

  /** About the console, for those who can do something about it. */
  consoleWarnings(): readonly Warning[] {
    return this.configuration.managementPort === null ? sharedOriginWarnings(this.#documents()) : [];
  }

  /** See `ApplicationRoutes.find`. */
  route(authority: Authority | null, rawPath: string): Route<ProtectedApplication> | 'unclaimed-host-path' | null {
    return this.#snapshot.current.routes.find(authority, rawPath);
  }

  byKey(key: string): ProtectedApplication | null {
    return this.#snapshot.current.byKey.get(key) ?? null;
  }

  all(): readonly ProtectedApplication[] {
    return this.#snapshot.current.all;
  }

  list<Item>(query: PageQuery, toItem: (stored: StoredApplication) => Item): Page<Item> {
    const [after] = decodeCursor(query.cursor, 1) ?? [null];
    if (after !== null && typeof after !== 'string') {
      throw invalidField('cursor', 'does not belong to this list. Use the nextCursor of the previous page.');
    }
    const rows = this.#snapshot.current.stored.filter(({ key }) => after === null || key > after);
    return pageOf(rows, query.limit, ({ key }) => [key], toItem);
  }

  /** @throws a 404 for an unknown key */
  get(key: string): StoredApplication {
    const stored = this.#snapshot.current.stored.find((candidate) => candidate.key === key);
    if (stored === undefined) throw noSuchApplication(key);
    return stored;
  }

  /** From what this node has observed. */
  observedWarnings(key: string): readonly Warning[] {
    const fault = this.byKey(key)?.fault ?? null;
    if (fault !== null) {
      return [
        { code: 'application_closed', message: `Every request for the application is refused with 503. ${fault}` },
      ];
    }
    const refused = this.beliefs.refusals(key);
    const warnings = refused === null ? [] : [identityRefusedWarning(refused)];
    return this.#hasMountedUpstream(key) ? [...warnings, MOUNTED_UPSTREAM] : warnings;
  }

  /** Clients reach an application of the gateway by the host of this upstream. */
  #hasMountedUpstream(key: string): boolean {
    const application = this.byKey(key);
    if (application === null || application.fault !== null) return false;
    const host = hostOf(application.target);
    return this.#snapshot.current.stored.some(({ document }) => document.mount.host?.replace(/:\d+$/, '') === host);
  }

  async create(
    actor: Actor,
    body: CreateApplicationDto,
    toAnswer: (made: StoredApplication) => object,
  ): Promise<StoredApplication> {
    const { key } = body;
    const document = this.#ready(key, body, null, await this.#askForVersion(body, null));
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      if (await manager.existsBy(ApplicationEntity, { key })) {
        throw new ProblemException('conflict', `An application with the key "${key}" already exists.`);
      }
      await storing(manager, document, () =>
        manager.insert(ApplicationEntity, {
          key,
          mountKey: mountKey(document.mount),
          body: document,
          version: 1,
          createdAtMs: this.clock.nowMs(),
        }),
      );
      this.audit.recordChange(manager, actor, {
        type: 'application.created',
        application: key,
        detail: { application: describeApplication(document) },
      });
      unit.changed('applications', key);
      const made = { key, revision: 1, document };
      await actor.idempotencyClaim?.keep(manager, toAnswer(made), tagOf(made));
      return made;
    });
  }

  async patch({ actor, ifMatch, isDryRun }: Save, key: string, patch: unknown): Promise<Versioned<StoredApplication>> {
    const finding = await this.#askBeforePatch(key, ifMatch, patch);
    return this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      const row = await lockedRow(manager, key);
      const before = toStored(row);
      requireMatch(ifMatch, tagOf(before));
      const body = await patched(before, patch);
      const document = this.#ready(key, body, before.document, finding);
      const changes = describeApplicationChange(before.document, document);
      if (Object.keys(changes).length === 0) return { value: before, tag: tagOf(before) };
      if (isDryRun === true) {
        await requireFreeMount(manager, key, document);
        return { value: { ...before, document }, tag: tagOf(before) };
      }
      const version = row.version + 1;
      await storing(manager, document, () =>
        manager.update(ApplicationEntity, { key }, { mountKey: mountKey(document.mount), body: document, version }),
      );
      this.audit.recordChange(manager, actor, {
        type: 'application.changed',
        application: key,
        detail: { changes },
      });
      unit.changed('applications', key);
      const value = { key, revision: version, document };
      return { value, tag: tagOf(value) };
    });
  }

  async remove(actor: Actor, key: string, ifMatch: string | undefined): Promise<void> {
    await this.unitOfWork.run(async (unit) => {
      const { manager } = unit;
      const row = await lockedRow(manager, key);
      const before = toStored(row);
      requireMatch(ifMatch, tagOf(before));
      for (const hook of this.#deletingHooks) await hook(unit, key);
      await manager.delete(ApplicationEntity, { key });
      this.audit.recordChange(manager, actor, {
        type: 'application.deleted',
        application: key,
        detail: { application: describeApplication(before.document) },
      });
      unit.changed('applications', key);
    });
  }

  onDeleting(hook: DeletingHook): void {
    this.#deletingHooks.push(hook);
  }

  /** Until the transaction ends. @throws a 404, or a 409 if it is no longer as this node knows it */
  hold({ manager }: Unit, application: ProtectedApplication): Promise<void> {
    return holdUnchanged(manager, application);
  }

  /** Asks before the transaction, which must not wait for the upstream. */
  async #askBeforePatch(key: string, ifMatch: string | undefined, patch: unknown): Promise<VersionFinding | null> {
    const row = await this.unitOfWork.read((manager) => findExactRow(manager, ApplicationEntity, { key }));
    if (row === null) throw noSuchApplication(key);
    const before = toStored(row);
    requireMatch(ifMatch, tagOf(before));
    return this.#askForVersion(await patched(before, patch), before);
  }

  /** Null if no version is needed. @throws a 400 if the rest is invalid */
  async #askForVersion(body: CreateApplicationDto, before: StoredApplication | null): Promise<VersionFinding | null> {
    const stored = before?.document ?? null;
    const { kind, upstream, tls } = accept(checkApplication(body, stored, 'pending'));
    const parsing = parseUpstream(upstream);
    if (!parsing.ok) throw invalidField('upstream', parsing.message);
    const { target } = parsing;
    if (this.listeners.has(target)) {
      throw invalidField('upstream', 'is this server itself. Give the address of the application.');
    }
    const source = versionSourceOf(body, stored);
    if (source === null) return null;
    const sealed = sealTls(this.box, body.key, target.endpoint, tls, stored?.tls ?? null);
    const endpoint = { target, tls: openTls(this.box, body.key, target.endpoint, sealed) ?? {} };
    return { kind, upstream, reading: await this.versions.read(source, endpoint) };
  }

  /** With encrypted secrets. @throws a 400 if it is invalid */
  #ready(
    key: string,
    body: CreateApplicationDto,
    before: ApplicationDocument | null,
    finding: VersionFinding | null,
  ): ApplicationDocument {
    const application = accept(checkApplication(body, before, finding));
    const parsed = parseUpstream(application.upstream);
    const endpoint = parsed.ok ? parsed.target.endpoint : '';
    const tls = sealTls(this.box, key, endpoint, application.tls, before?.tls ?? null);
    return { ...application, tls, identity: sealIdentity(this.box, key, endpoint, application.identity) };
  }

  async #read(): Promise<Applications> {
    const rows = await this.unitOfWork.read((manager) => manager.find(ApplicationEntity), { lane: 'changes' });
    // By code unit, as for the keys of pages; databases sort by collation.
    const stored = rows.map(toStored).toSorted((left, right) => (left.key < right.key ? -1 : 1));
    const all = stored.map((application) => protect(application, this.box));
    for (const { key, fault } of all) {
      if (fault !== null) this.#logger.error(`The application ${key} is closed. ${fault}`);
    }
    return {
      stored,
      all,
      byKey: new Map(all.map((application) => [application.key, application])),
      routes: new ApplicationRoutes(
        stored.map(({ document }, index) => ({
          mount: document.mount,
          // Same order as the stored applications.
          application: all[index] as ProtectedApplication,
        })),
      ),
    };
  }
}
