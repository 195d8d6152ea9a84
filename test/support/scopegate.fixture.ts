import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Type } from '@nestjs/common';
import type { ApplicationKind } from '@scopegate/product';
import { AuditShipper } from '../../src/audit/audit-shipper.js';
import { startServer, type RunningServer } from '../../src/configure-app.js';
import { readConfiguration } from '../../src/config/env.js';
import { createApiClient, type ApiAnswer, type ApiClient, type ApiCredential } from './api.client.js';
import { createSecrets } from './scopegate.process.js';
import { createTemporaryFolder } from './temporary-folder.js';

export type TestUser = {
  readonly username: string;
  readonly password: string;
};

/** A token as it is shown once, as far as tests look at it. */
export type TestToken = {
  readonly id: string;
  readonly owner: string;
  readonly secret: string;
  readonly scope: 'read-only' | 'read-write';
  readonly status: string;
  readonly expiresAt: string | null;
};

export type NewToken = {
  readonly scope: 'read-only' | 'read-write';
  /** Its owner. Default: the administrator. */
  readonly owner?: string;
  readonly description?: string;
  readonly validity?: string;
  readonly expiresAt?: string;
  readonly allowList?: readonly string[];
  readonly applications?: readonly string[];
};

export type NewApplication = {
  readonly upstream: string;
  readonly mount: { readonly pathPrefix?: string; readonly host?: string };
  /** Default: one that no other application has. */
  readonly key?: string;
  /** Default `jira`. */
  readonly kind?: ApplicationKind;
  /** Default: a recent one, so that the upstream is not asked; with null it is. */
  readonly version?: string | null;
  readonly [member: string]: unknown;
};

/** An audit event, as far as tests look at it. */
export type TestEvent = {
  readonly id: string;
  readonly at: string;
  /** How many alike this one stands for. */
  readonly count: number;
  readonly type: string;
  readonly outcome: string;
  readonly code: string | null;
  readonly actor: string | null;
  readonly owner: string | null;
  readonly tokenId: string | null;
  readonly tokenScope: string | null;
  readonly credential: string;
  readonly clientIp: string | null;
  readonly peer: string | null;
  readonly method: string | null;
  readonly path: string | null;
  readonly application: string | null;
  readonly status: number | null;
  readonly requestId: string | null;
  readonly detail: unknown;
};

export type FixtureOptions = {
  /** Added to the configuration; what is given here wins. */
  readonly env?: Readonly<Record<string, string>>;
  /** Also opens the management port. */
  readonly management?: boolean;
};

/** A server of one test file, inside the test's own process, with makers for what a test needs. */
export type ScopegateFixture = {
  /** The port that proxies. */
  readonly port: number;
  readonly url: string;
  /** The port of the management API; the same one, unless `management` was asked for. */
  readonly managementPort: number;
  readonly managementUrl: string;
  readonly adminPassword: string;
  readonly admin: ApiClient;
  /** The folder of the database file and the secrets. */
  readonly folder: string;
  /** What the server is made of, to look at what is stored. */
  readonly app: RunningServer['app'];
  as(credential: ApiCredential | null): ApiClient;
  createUser(user?: { readonly username?: string; readonly [member: string]: unknown }): Promise<TestUser>;
  createToken(token: NewToken): Promise<TestToken>;
  /** @returns its name */
  createGroup(name?: string): Promise<string>;
  revokeToken(id: string): Promise<void>;
  /** @returns its key */
  createApplication(application: NewApplication): Promise<string>;
  patchSettings(patch: unknown): Promise<void>;
  patchPermissions(patch: unknown): Promise<void>;
  /** The events that a query finds, newest first, after everything recorded so far has been stored. */
  events(query: Readonly<Record<string, string>>): Promise<readonly TestEvent[]>;
  /** A provider of the running server, such as its clock, a job or the data source. */
  provider<Provider>(type: new (...dependencies: never[]) => Provider): Provider;
  stop(): Promise<void>;
};

/** Versions of the products in which every switch exists. */
const RECENT = {
  jira: '9.12.0',
  confluence: '8.5.0',
  bitbucket: '8.19.0',
  gitlab: '17.5.0',
  redmine: '5.0.4',
  gitea: '1.22.0',
  generic: null,
} as const satisfies Record<ApplicationKind, string | null>;

/** The headers of a token in its two forms, and of a password. */
export function basic(username: string, secret: string): readonly [string, string] {
  return ['Authorization', `Basic ${Buffer.from(`${username}:${secret}`, 'utf8').toString('base64')}`];
}

export function bearer(secret: string): readonly [string, string] {
  return ['Authorization', `Bearer ${secret}`];
}

/** Starts the server in this process, on free ports and in a folder of its own. */
export async function startScopegateFixture(options: FixtureOptions = {}): Promise<ScopegateFixture> {
  const folder = createTemporaryFolder('fixture');
  const adminPassword = options.env?.['SCOPEGATE_ADMIN_PASSWORD'] ?? randomBytes(12).toString('hex');
  const databaseUrl = options.env?.['DATABASE_URL'] ?? `sqlite:${join(folder.path, 'scopegate.sqlite')}`;
  const server = await startServer(
    readConfiguration({
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_LEVEL: 'error',
      SCOPEGATE_DRAIN_MS: '0',
      SCOPEGATE_DATA_DIR: folder.path,
      SCOPEGATE_ADMIN_PASSWORD: adminPassword,
      DATABASE_URL: databaseUrl,
      ...(databaseUrl.startsWith('mysql:') ? createSecrets() : {}),
      ...(options.management === true ? { SCOPEGATE_MANAGEMENT_PORT: '0' } : {}),
      ...options.env,
    }),
  );
  const url = `http://127.0.0.1:${server.port}`;
  const managementUrl = `http://127.0.0.1:${server.managementPort}`;
  const admin = createApiClient(managementUrl, { user: 'admin', password: adminPassword });
  let made = 0;
  const unique = (prefix: string): string => `${prefix}${(made += 1)}`;
  let stopped: Promise<void> | undefined;

  return {
    port: server.port,
    url,
    managementPort: server.managementPort,
    managementUrl,
    adminPassword,
    admin,
    folder: folder.path,
    app: server.app,
    as: (credential) => admin.as(credential),
    async createUser(user = {}) {
      const password = randomBytes(12).toString('hex');
      const username = user.username ?? unique('user');
      expectStatus(await admin.post('/users', { username, password, ...user }), 201);
      return { username, password };
    },
    async createToken(token) {
      const answer = await admin.post<TestToken>('/tokens', { description: unique('token '), ...token });
      return expectStatus(answer, 201).body;
    },
    async createGroup(name = unique('group-')) {
      expectStatus(await admin.post('/groups', { name }), 201);
      return name;
    },
    async revokeToken(id) {
      expectStatus(await admin.delete(`/tokens/${id}`), 204);
    },
    async createApplication(application) {
      const key = application.key ?? unique('application-');
      const { kind = 'jira' } = application;
      expectStatus(await admin.post('/applications', { kind, version: RECENT[kind], ...application, key }), 201);
      return key;
    },
    async patchSettings(patch) {
      expectStatus(await admin.patch('/settings', patch), 200);
    },
    async patchPermissions(patch) {
      expectStatus(await admin.patch('/permissions', patch), 200);
    },
    async events(query) {
      await server.app.get(AuditShipper).flush();
      const search = new URLSearchParams({ limit: '200', ...query }).toString();
      const answer = await admin.get<{ items: readonly TestEvent[] }>(`/audit-events?${search}`);
      return expectStatus(answer, 200).body.items;
    },
    provider: (type) => server.app.get(type as Type),
    stop() {
      stopped ??= server.close().then(() => folder.remove());
      return stopped;
    },
  };
}

/** A maker that fails says why, in place of a test that fails later for another reason. */
function expectStatus<Body>(answer: ApiAnswer<Body>, status: number): ApiAnswer<Body> {
  if (answer.status !== status) {
    throw new Error(
      `The management API answered ${answer.status} instead of ${status}: ${JSON.stringify(answer.body)}`,
    );
  }
  return answer;
}
