import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { CredentialKind } from '@scopegate/access';
import { DEFAULT_PERMISSIONS } from '@scopegate/permission';
import { productOf } from '@scopegate/product';
import { mintToken, tokenHint } from '@scopegate/token';
import { startServer, type RunningServer } from '../../src/configure-app.js';
import { readConfiguration } from '../../src/config/env.js';
import { UnitOfWork } from '../../src/database/unit-of-work.js';
import { DirectoryService } from '../../src/directory/directory.service.js';
import { Pepper } from '../../src/tokens/pepper.js';
import { SessionsService } from '../../src/tokens/sessions.service.js';
import { TokenPurgeJob, type Purged } from '../../src/tokens/token-purge.job.js';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import { createApiClient, type ApiAnswer, type ApiClient, type ProblemBody } from '../support/api.client.js';
import { fixClock } from '../support/fixed-clock.js';
import { sendRaw, type RawAnswer } from '../support/raw-client.js';
import { startRecordingUpstream, type RecordedRequest, type RecordingUpstream } from '../support/recording-upstream.js';
import { createTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.js';
import {
  DAY_MS,
  LOOPBACK,
  NOW_MS,
  USER_PASSWORD,
  type AccessCase,
  type CaseApplication,
  type CaseSettings,
} from './access-case.js';
import { fillSecrets, linesOf, peerOf, tokensOf, type Line } from './access-case.request.js';

/** An audit event, as far as the cases look at it. */
export type CaseEvent = {
  readonly type: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly credential: CredentialKind;
  readonly clientIp: string | null;
  readonly application: string | null;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly tokenScope: string | null;
  readonly owner: string | null;
  readonly door: string | null;
};

/**
 * How a case is asked about: through the proxied routes, or in one form of forward authentication. `request-body` sends
 * the body as well, `request-rest` leaves the mount out of the target.
 */
export type CaseDoor = 'proxy' | 'request' | 'request-body' | 'request-rest' | 'forwarded' | 'original';

/** What came of a case on the running gateway. */
export type GatewayOutcome = {
  readonly answer: RawAnswer;
  /** The problem of the answer, where it is one. */
  readonly problem: ProblemBody | null;
  /** The address of the upstream, with its base path. */
  readonly upstreamAddress: string;
  /** What the upstream received, without its own base path in the target. */
  readonly received: readonly (RecordedRequest & { readonly path: string })[];
  readonly bytesReceived: number;
  /** The Authorization line and the body as they were sent. */
  readonly sent: {
    readonly authorization: string | undefined;
    readonly body: string;
    readonly query: string;
    readonly lines: readonly Line[];
  };
  /** The events of the last request, without those of its changes. */
  readonly events: readonly CaseEvent[];
  /** The key of the application; null at the management API. */
  readonly application: string | null;
};

/** Where the upstream's own paths begin: it shows that the judged path is appended to it. */
const BASE_PATH = '/behind';

/** A version in which every product has every switch; set by hand, so that the upstream is not asked. */
const VERSION = '9.12.0';

/** The case shows the user in the second one. */
const ACTING_HEADERS = { Sudo: '{username}', 'X-Forwarded-User': '{username}' };

/** The users of every case, in addition to the administrator. */
const USERS = ['alice', 'bob'] as const;

/**
 * So many cases share an application. The audit log collapses identical failures of one application within a time, and
 * the clock of the cases stands still.
 */
const APPLICATION_USES = 5;

/** Events of what a request changed stand beside its own one. */
const REQUEST_EVENT = /^(authentication|permission|login|upstream|request)\./;

/** A server inside the test's own process with one upstream, set up anew for every case as far as it differs. */
export class CaseGateway {
  #made = 0;
  #settings = '';
  #permissions = '';
  /** What the applications are now that a case may change, by their keys. */
  readonly #applied = new Map<string, string>();
  readonly #applications = new Map<string, { readonly key: string; uses: number }>();

  private constructor(
    private readonly folder: TemporaryFolder,
    private readonly server: RunningServer,
    private readonly upstream: RecordingUpstream,
    private readonly admin: ApiClient,
  ) {}

  static async start(): Promise<CaseGateway> {
    const folder = createTemporaryFolder('cases');
    const upstream = await startRecordingUpstream();
    const server = await startServer(
      readConfiguration({
        HOST: LOOPBACK,
        PORT: '0',
        LOG_LEVEL: 'error',
        SCOPEGATE_DATA_DIR: folder.path,
        SCOPEGATE_ADMIN_PASSWORD: USER_PASSWORD,
        DATABASE_URL: `sqlite:${join(folder.path, 'scopegate.sqlite')}`,
      }),
    );
    // Every case happens at one instant, so that the edges of an expiry can be met.
    fixClock({ provider: (type) => server.app.get(type, { strict: false }) }, () => NOW_MS);
    const admin = createApiClient(`http://${LOOPBACK}:${server.managementPort}`, {
      user: 'admin',
      password: USER_PASSWORD,
    });
    const gateway = new CaseGateway(folder, server, upstream, admin);
    for (const name of ['developers', 'testers']) expectDone(await admin.post('/groups', { name }));
    for (const username of USERS) await gateway.#createUser(username);
    return gateway;
  }

  async stop(): Promise<void> {
    await this.server.close();
    await this.upstream.stop();
    await this.folder.remove();
  }

  /** Sends the request of a case and gathers what came of it. */
  async run(row: AccessCase, door: CaseDoor = 'proxy'): Promise<GatewayOutcome> {
    const application = await this.#applicationOf(row.application ?? { kind: 'jira' });
    await this.#arrangeSettings(row, door);
    await this.#arrangePermissions(row);
    const secrets = await this.#storeTokens(row, application);
    if (application !== null) secrets.set('mount', `/${application}`);
    await this.#arrangeUsers(row);
    try {
      return await this.#send(row, application, secrets, door);
    } finally {
      await this.#restoreUsers(row);
    }
  }

  /** The address of Scopegate's own routes. */
  get url(): string {
    return `http://${LOOPBACK}:${this.server.managementPort}`;
  }

  /** @returns the secret of a token with which guards ask for decisions, under the permissions of every case */
  async createGuardToken(): Promise<string> {
    const groups = ['administrators', 'developers', 'testers'];
    expectDone(await this.admin.post('/users', { username: 'guard', password: USER_PASSWORD, groups }));
    const token = { owner: 'guard', scope: 'read-only', description: 'guard' };
    return expectDone(await this.admin.post<{ readonly secret: string }>('/tokens', token)).body.secret;
  }

  /** Arranges a case with an application of this key, and lets the caller send its request to another server. */
  async arranged<Result>(
    row: AccessCase,
    key: string,
    send: (secrets: ReadonlyMap<string, string>) => Promise<Result>,
  ): Promise<Result> {
    if (row.application === 'management') throw new Error('The case is about the management API.');
    await this.applyApplication(key, row.application ?? { kind: 'jira' });
    await this.#arrangeSettings(row, 'proxy');
    await this.#arrangePermissions(row);
    const secrets = await this.#storeTokens(row, key);
    await this.#arrangeUsers(row);
    try {
      return await send(secrets);
    } finally {
      await this.#restoreUsers(row);
    }
  }

  /** What the purge, which also runs by itself, removes now. */
  async purge(): Promise<Purged> {
    const purged = await this.server.app.get(TokenPurgeJob, { strict: false }).purgeOnce();
    if (purged === null) throw new Error('There is no other process that could hold the lease of the purge.');
    return purged;
  }

  /** Makes the application of this key what it has to be. */
  async applyApplication(key: string, application: CaseApplication): Promise<void> {
    const wanted = JSON.stringify(application);
    if (this.#applied.get(key) === wanted) return;
    if (this.#applied.has(key)) expectDone(await this.admin.delete(`/applications/${key}`));
    await this.#createApplication(key, application);
    this.#applied.set(key, wanted);
  }

  async #send(
    row: AccessCase,
    application: string | null,
    secrets: ReadonlyMap<string, string>,
    door: CaseDoor,
  ): Promise<GatewayOutcome> {
    const { request } = row;
    const agent = `case-${randomUUID()}`;
    const isBehind = door !== 'proxy' && row.settings?.trustedProxies === undefined;
    const forwarded: Line[] = peerOf(row) === LOOPBACK && !isBehind ? [] : [['X-Forwarded-For', peerOf(row)]];
    const host = `${LOOPBACK}:${this.server.port}`;
    const query = request.query === undefined ? '' : `?${fillSecrets(request.query, secrets)}`;
    const body = fillSecrets(request.body ?? '', secrets);
    const target = `${application === null ? '' : `/${application}`}${request.path}${query}`;
    const asked = askedAt(door, { method: request.method ?? 'GET', target, host, application: application ?? '' });
    const allLines = linesOf(row, secrets, host, [['User-Agent', agent], ...forwarded, ...asked.lines]);
    // Most proxies ask without the body. A transfer coding is the question's own framing.
    const isBodiless =
      door !== 'proxy' && door !== 'request-body' && !allLines.some(([name]) => /^transfer-encoding$/i.test(name));
    const lines = isBodiless ? allLines.filter(([name]) => !/^content-length$/i.test(name)) : allLines;
    const head = [
      `${asked.method} ${asked.target} HTTP/${request.httpVersion ?? '1.1'}`,
      ...lines.map(([name, value]) => `${name}: ${value}`),
      '',
      isBodiless ? '' : body,
    ].join('\r\n');

    let answer: RawAnswer | undefined;
    for (let time = 0; time < (request.times ?? 1); time += 1) {
      this.upstream.clear();
      answer = await sendRaw(this.server.port, Buffer.from(head, 'utf8'), { closeWaitMs: 0 });
    }
    if (answer === undefined) throw new Error('A case sends its request at least once.');
    const isProblem = answer.header('content-type') === 'application/problem+json' && request.method !== 'HEAD';
    return {
      answer,
      problem: isProblem ? answer.json<ProblemBody>() : null,
      received: this.upstream.requests.map((received) => ({ ...received, path: pathOf(received) })),
      upstreamAddress: `${this.upstream.url}${BASE_PATH}`,
      bytesReceived: this.upstream.bytesReceived,
      sent: {
        authorization: lines.find(([name]) => name.toLowerCase() === 'authorization')?.[1],
        body,
        query,
        lines,
      },
      events: await this.#eventsOf(agent),
      application,
    };
  }

  /** The events of one request, newest first. */
  async #eventsOf(agent: string): Promise<readonly CaseEvent[]> {
    const answer = await this.admin.get<{ readonly items: readonly CaseEvent[] }>(`/audit-events?q=${agent}`);
    return expectDone(answer).body.items.filter(({ type }) => REQUEST_EVENT.test(type));
  }

  /** The key of an application of this kind; it is made when it is first asked for. */
  async #applicationOf(application: CaseApplication | 'management'): Promise<string | null> {
    if (application === 'management') return null;
    const wanted = JSON.stringify(application);
    const known = this.#applications.get(wanted);
    if (known !== undefined && known.uses < APPLICATION_USES) {
      known.uses += 1;
      return known.key;
    }
    const key = `${application.kind}-${(this.#made += 1)}`;
    await this.#createApplication(key, application);
    this.#applications.set(wanted, { key, uses: 1 });
    return key;
  }

  async #createApplication(key: string, application: CaseApplication): Promise<void> {
    const { exceptions, actsForUsers = false, ...members } = application;
    expectDone(
      await this.admin.post('/applications', {
        ...members,
        key,
        version: productOf(application.kind).version === null ? null : VERSION,
        mount: { pathPrefix: `/${key}` },
        upstream: `${this.upstream.url}${BASE_PATH}`,
        readOnlyExceptions: exceptions ?? [],
        ...(actsForUsers ? { identity: { mode: 'headers', headers: ACTING_HEADERS } } : {}),
      }),
    );
  }

  async #arrangeSettings(row: AccessCase, door: CaseDoor): Promise<void> {
    const document = settingsDocument(row, door);
    if (JSON.stringify(document) === this.#settings) return;
    expectDone(await this.admin.put('/settings', document));
    this.#settings = JSON.stringify(document);
  }

  async #arrangePermissions(row: AccessCase): Promise<void> {
    const document = { ...DEFAULT_PERMISSIONS, ...row.permissions };
    if (JSON.stringify(document) === this.#permissions) return;
    expectDone(await this.admin.put('/permissions', document));
    this.#permissions = JSON.stringify(document);
  }

  /** Stores the tokens of a case as they would have become in time; the API makes them only as they begin. */
  async #storeTokens(row: AccessCase, application: string | null): Promise<Map<string, string>> {
    const pepper = this.server.app.get(Pepper, { strict: false });
    const directory = this.server.app.get(DirectoryService, { strict: false });
    const secrets = new Map<string, string>();
    const ids = new Map<string, string>();
    await this.server.app.get(UnitOfWork, { strict: false }).run(async (unit) => {
      for (const [name, token] of Object.entries(tokensOf(row))) {
        const { id, secret } = mintToken(randomBytes);
        secrets.set(name, secret);
        ids.set(name, id);
        if (token.unknown === true) continue;
        const owner = await directory.findByName(token.owner ?? 'alice');
        const creator = await directory.findByName(token.creator ?? token.owner ?? 'alice');
        if (owner === null || creator === null) throw new Error(`The token ${name} has an unknown owner.`);
        await unit.manager.insert(TokenEntity, {
          id,
          ...pepper.digest(secret),
          hint: tokenHint(secret),
          ownerId: owner.id,
          ownerName: owner.username,
          creatorId: creator.id,
          createdBy: creator.username,
          description: name,
          scope: token.scope,
          createdAtMs: NOW_MS - (token.createdAgoMs ?? DAY_MS),
          expiresAtMs: token.expiresInMs === undefined ? null : NOW_MS + token.expiresInMs,
          revokedAtMs: token.revoked === true ? NOW_MS - 1 : null,
          revokedBy: token.revoked === true ? creator.username : null,
          useCount: 0,
          allowList: token.allowList ?? null,
          applications:
            token.applications?.map((which) => (which === 'this' ? (application ?? 'none') : 'elsewhere')) ?? null,
        });
        unit.changed('token', id);
      }
    });
    const { session } = row.request;
    if (session !== undefined) {
      const sessions = this.server.app.get(SessionsService, { strict: false });
      secrets.set('cookie', await sessions.open(ids.get(session) ?? ''));
    }
    return secrets;
  }

  async #arrangeUsers(row: AccessCase): Promise<void> {
    for (const [username, { active, groups, deleted }] of Object.entries(row.users ?? {})) {
      expectDone(
        deleted === true
          ? await this.admin.delete(`/users/${username}`)
          : await this.admin.patch(`/users/${username}`, {
              ...(active === undefined ? {} : { active }),
              ...(groups === undefined ? {} : { groups }),
            }),
      );
    }
  }

  async #restoreUsers(row: AccessCase): Promise<void> {
    for (const [username, { deleted }] of Object.entries(row.users ?? {})) {
      if (deleted === true) await this.#createUser(username);
      else expectDone(await this.admin.patch(`/users/${username}`, { active: true, groups: ['developers'] }));
    }
  }

  async #createUser(username: string): Promise<void> {
    expectDone(await this.admin.post('/users', { username, password: USER_PASSWORD, groups: ['developers'] }));
  }
}

/** How the request of a case is asked about at a door. */
function askedAt(
  door: CaseDoor,
  subject: { readonly method: string; readonly target: string; readonly host: string; readonly application: string },
): { readonly method: string; readonly target: string; readonly lines: readonly Line[] } {
  const { method, target, host, application } = subject;
  const question = `/authorize/${application}`;
  switch (door) {
    case 'proxy':
      return { method, target, lines: [] };
    case 'request':
    case 'request-body':
      return { method, target: `${question}${target}`, lines: [] };
    case 'request-rest':
      return { method, target: `${question}${target.slice(application.length + 1)}`, lines: [] };
    case 'forwarded':
      return {
        method: 'GET',
        target: question,
        lines: [
          ['X-Forwarded-Method', method],
          ['X-Forwarded-Uri', target],
          ['X-Forwarded-Host', host],
          ['X-Forwarded-Proto', 'http'],
        ],
      };
    case 'original':
      return {
        method: 'GET',
        target: question,
        lines: [
          ['X-Original-Method', method],
          ['X-Original-URL', `http://${host}${target}`],
        ],
      };
  }
}

/** The settings of a case as the API takes them. */
function settingsDocument(row: AccessCase, door: CaseDoor): object {
  const settings: CaseSettings = row.settings ?? {};
  const isElsewhere = peerOf(row) !== LOOPBACK;
  if (isElsewhere && settings.trustedProxies !== undefined) {
    throw new Error('A case with another peer has this machine for its proxy, and no other.');
  }
  // Forward authentication answers trusted proxies only.
  const trustedProxies = settings.trustedProxies ?? (isElsewhere || door !== 'proxy' ? [LOOPBACK] : undefined);
  return {
    tokenValidity: { maximum: settings.maximum ?? 'never', applyAtUse: settings.applyAtUse ?? false },
    ipRestriction: {
      allowList: settings.allowList ?? [],
      applyToPasswords: settings.allowListAppliesToPasswords ?? false,
    },
    reverseProxy: {
      enabled: trustedProxies !== undefined,
      trustedProxies: trustedProxies ?? [],
      header: settings.proxyHeader ?? 'X-Forwarded-For',
    },
    passwords: {
      enabled: settings.passwordsEnabled ?? true,
      preventPathTraversal: settings.preventPathTraversal ?? false,
    },
    // The clock stands still, so that failures would never be forgotten.
    throttling: { maxFailures: settings.maxFailures ?? 0, windowSeconds: 60 },
    audit: { successes: true, failures: true, denials: true, anonymous: true, retentionDays: 365 },
    // The purge runs beside the cases, and some are about tokens that ended long ago.
    purge: { expiredTokensAfterDays: 365 },
  };
}

/** The path that the upstream received, below its own base path, without the query. */
function pathOf({ target }: RecordedRequest): string {
  const path = target.split('?', 1)[0] ?? '';
  return path.startsWith(BASE_PATH) ? path.slice(BASE_PATH.length) : path;
}

function expectDone<Body>(answer: ApiAnswer<Body>): ApiAnswer<Body> {
  if (answer.status >= 300) {
    throw new Error(`The management API answered ${answer.status}: ${JSON.stringify(answer.body)}`);
  }
  return answer;
}
