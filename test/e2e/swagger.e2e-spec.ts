import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createApiClient, type ApiAnswer, type ApiClient } from '../support/api.client.js';
import { logIn, OWN_PAGE } from '../support/browser-session.client.js';
import { isBrowserAvailable, startBrowser } from '../support/browser.js';
import {
  createSchemaCheck,
  type OpenApiDocument,
  type Operation,
  type SchemaCheck,
} from '../support/open-api.checker.js';
import { askForDecision, postIntrospection } from '../support/introspection.client.js';
import { startRecordingUpstream } from '../support/recording-upstream.js';
import { startScopegate, type ScopegateProcess } from '../support/scopegate.process.js';

const ARTIFACTS = resolve(import.meta.dirname, '../../artifacts');

const DEPOSITS = { mode: 'credential', perUser: true };

/** What every operation but those of health can answer. */
const PROBLEMS_OF_ALL = ['401', '403', '429', '500', '503'];

/** They need no credential. */
const OF_LOGINS = /^\/api\/v1\/session\/(?:methods|oidc)/;

/** They lead a browser to another page, and have no body. */
const LEADS_ON = /^\/api\/v1\/session\/oidc/;

const OPERATION_ID =
  /^(?:list|get|create|update|replace|delete|add|remove|revoke|rotate|change|verify|export|explain|check|test|import|rename|sync|introspect|decide|begin|finish|confirm)[A-Z][A-Za-z]+$/;

let server: ScopegateProcess;
let admin: ApiClient;
let document: OpenApiDocument;
let schemaProblems: SchemaCheck;

beforeAll(async () => {
  server = await startScopegate();
  admin = createApiClient(server.url, { user: 'admin', password: server.adminPassword });
  document = (await (await fetch(`${server.url}/docs/openapi.json`)).json()) as OpenApiDocument;
  schemaProblems = createSchemaCheck(document);
});

afterAll(() => server.stop());

type Route = { readonly method: string; readonly path: string; readonly operation: Operation };

const routes = (): readonly Route[] =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );

const managementRoutes = (): readonly Route[] => routes().filter(({ path }) => path.startsWith('/api/v1/'));

describe('the OpenAPI document', () => {
  it('R66: every operation has a summary, a group, an id of its own and described parameters', () => {
    expect(document.openapi).toMatch(/^3\.1\./);
    expect(routes().length).toBeGreaterThan(30);
    for (const { method, path, operation } of routes()) {
      const name = `${method} ${path}`;
      expect(operation.summary, name).toMatch(/^\S.{3,}/);
      expect(operation.tags, name).toHaveLength(1);
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
      const documented = (operation.parameters ?? []).filter((parameter) => parameter.in === 'path');
      expect(documented.map((parameter) => parameter.name).sort(), name).toEqual([...inPath].sort());
      for (const parameter of operation.parameters ?? []) {
        expect(parameter.description, `${name}: ${parameter.name}`).toMatch(/\w{2,}/);
      }
    }
  });

  it('R66: operation ids make good names of methods: a verb and what it is about, each once', () => {
    const ids = routes().map(({ operation }) => operation.operationId ?? '');
    expect(new Set(ids).size).toBe(ids.length);
    for (const id of ids) expect(id).toMatch(OPERATION_ID);
    expect(ids).toEqual(
      expect.arrayContaining(['listTokens', 'createToken', 'rotateToken', 'replaceSettings', 'getMe']),
    );
  });

  it('R66: names, patterns and formats suit the generators of other languages', () => {
    expect(Object.keys(document.components.schemas).filter((name) => name.endsWith('Dto'))).toEqual([]);
    const text = JSON.stringify(document);
    expect(text).not.toContain('"bearerFormat":"JWT"');
    for (const [, pattern] of text.matchAll(/"pattern":("(?:[^"\\]|\\.)*")/g)) {
      const source = JSON.parse(pattern ?? '""') as string;
      expect(() => new RegExp(source)).not.toThrow();
      // RE2, Python and Java read these otherwise, or not at all.
      expect(source, source).not.toMatch(/\\[pPuUkdDwWsSbB]|\(\?(?!:)|\\[1-9]/);
    }
    expect(text).toContain(String.raw`^[^\\x00-\\x1f\\x7f-\\x9f]*$`);
    const instants = Object.values(document.components.schemas).flatMap(({ properties = {} }) =>
      Object.entries(properties).filter(([name]) => /^(?:at|from|to)$|At$/.test(name)),
    );
    expect(instants.length).toBeGreaterThan(8);
    for (const [name, schema] of instants) expect(schema, name).toMatchObject({ format: 'date-time' });
    const parameters = routes().flatMap(({ operation }) => operation.parameters ?? []);
    const times = parameters.filter(({ name }) => /^(?:from|to)$|(?:From|(?<!^return)To)$/.test(name));
    expect(times.length).toBeGreaterThan(8);
    for (const { name, schema } of times) expect(schema, name).toMatchObject({ format: 'date-time' });
  });

  it('R66: the headers of answers are documented', () => {
    for (const { method, path, operation } of managementRoutes()) {
      for (const [status, { headers = {} }] of Object.entries(operation.responses)) {
        const names = Object.keys(headers);
        const name = `${method} ${path} ${status}: ${names.join()}`;
        expect(names, name).toContain('X-Request-Id');
        expect(names.includes('Location'), name).toBe(status === '201');
        expect(names.includes('Retry-After'), name).toBe(status === '429');
        if (status === '401') expect(names, name).toContain('WWW-Authenticate');
      }
    }
  });

  it('R66: the first example of a change changes nothing, and that of a token ends', () => {
    const firstExamples = (wanted: string): unknown[] =>
      managementRoutes()
        .filter(({ method, path }) => `${method} ${path}`.startsWith(wanted))
        .flatMap(({ operation }) => Object.values(operation.requestBody?.content ?? {}))
        .map(({ examples }) => Object.values(examples ?? {})[0]?.value);
    expect(firstExamples('PATCH ').length).toBeGreaterThan(4);
    for (const example of firstExamples('PATCH ')) expect(example).toEqual({});
    const creations = firstExamples('POST /api/v1/tokens').filter((example) => 'scope' in (example as object));
    expect(creations).toEqual([expect.objectContaining({ validity: 'P1M' })]);
  });

  it('R66, R99, R125: every operation of the API takes a password, a session and a token, changes of users, directories, passwords and own credentials no token, the others none', () => {
    for (const { method, path, operation } of routes()) {
      const schemes = (operation.security ?? []).flatMap((requirement) => Object.keys(requirement));
      const isPasswordOnly =
        method !== 'GET' &&
        /^\/api\/v1\/(users|directories|groups\/\{name\}\/members|me\/password|me\/credentials)(\/|$)/.test(path);
      const isLogin = `${method} ${path}` === 'POST /api/v1/session' || OF_LOGINS.test(path);
      const isForCallers = (path.startsWith('/api/v1/') && !isLogin) || path.startsWith('/introspect');
      const isAboutSession = /^\/api\/v1\/session(\/step-up)?$/.test(path);
      const expected = !isForCallers
        ? []
        : isAboutSession
          ? ['session']
          : path.startsWith('/introspect')
            ? ['basic', 'token']
            : ['basic', 'session', ...(isPasswordOnly ? [] : ['token'])];
      expect([...schemes].sort(), `${method} ${path}`).toEqual(expected);
      // Each on its own: one of them is enough.
      for (const requirement of operation.security ?? []) expect(Object.keys(requirement)).toHaveLength(1);
    }
  });

  it('R66: every operation documents one success and every problem it can answer', () => {
    for (const { method, path, operation } of managementRoutes()) {
      const name = `${method} ${path}`;
      const statuses = Object.keys(operation.responses);
      const successes = statuses.filter((status) => status.startsWith('2'));
      // A revocation that waits for every node says which ones have acted (R78).
      const isTwofold = ['revokeToken', 'revokeOwnToken'].includes(operation.operationId ?? '');
      expect(successes, name).toHaveLength(LEADS_ON.test(path) ? 0 : isTwofold ? 2 : 1);
      expect(statuses, name).toEqual(expect.arrayContaining(PROBLEMS_OF_ALL));
      if (operation.requestBody !== undefined) expect(statuses, name).toEqual(expect.arrayContaining(['400', '415']));
      if (path.includes('{')) expect(statuses, name).toContain('404');
      for (const [status, response] of Object.entries(operation.responses)) {
        if (status.startsWith('2') || status === '302') continue;
        expect(Object.keys(response.content ?? {}), `${name} ${status}`).toEqual(['application/problem+json']);
        for (const content of Object.values(response.content ?? {})) {
          for (const [code, { value }] of Object.entries(content.examples ?? {})) {
            expect(value, `${name} ${status}`).toMatchObject({ code, status: Number(status) });
            expect(schemaProblems(content.schema ?? {}, value)).toEqual([]);
          }
        }
      }
    }
  });

  it('R66: every body has examples that fit its schema', () => {
    for (const { method, path, operation } of managementRoutes()) {
      const hasBody =
        ['POST', 'PUT', 'PATCH'].includes(method) &&
        !/\/members\/|\/me\/credentials\/\{application\}\/check$|\/directories\/\{key\}\/sync/.test(path);
      expect(operation.requestBody !== undefined, `${method} ${path}`).toBe(hasBody);
      for (const content of Object.values(operation.requestBody?.content ?? {})) {
        const examples = Object.values(content.examples ?? {});
        expect(examples.length, `${method} ${path}`).toBeGreaterThan(0);
        for (const { value } of examples) {
          expect(schemaProblems(content.schema ?? {}, value), `${method} ${path}`).toEqual([]);
        }
      }
    }
  });

  it('R66: every schema describes its members, and no answer has a member for a password or a digest', () => {
    const answered = new Set<string>();
    for (const { operation } of managementRoutes()) {
      for (const [status, response] of Object.entries(operation.responses)) {
        if (status.startsWith('2')) answered.add(JSON.stringify(response.content ?? {}));
      }
    }
    expect([...answered].join()).not.toMatch(
      /"\$ref":"[^"]*\/(?:Create(?!dToken|ForSelf|OnBehalf)|Change|Update|Patch|Replace|Describe)\w*"/,
    );
    for (const name of ['User', 'Token', 'CreatedToken']) {
      const members = Object.keys(document.components.schemas[name]?.properties ?? {});
      expect(members.length).toBeGreaterThan(3);
      expect(members.join()).not.toMatch(/password|digest|hash|pepper/i);
    }
    expect(Object.keys(document.components.schemas['Token']?.properties ?? {})).not.toContain('secret');
    expect(Object.keys(document.components.schemas['CreatedToken']?.properties ?? {})).toContain('secret');
  });
});

describe('what is answered', () => {
  /** Expects an answer to be what the document says of the operation. */
  const expectDocumented = (path: string, method: string, answer: ApiAnswer<unknown>): void => {
    const operation = document.paths[`/api/v1${path}`]?.[method];
    const name = `${method} ${path} ${answer.status}`;
    const response = operation?.responses[String(answer.status)];
    expect(response, `${name} is documented`).toBeDefined();
    for (const header of ['X-Request-Id', 'ETag', 'Location', 'Retry-After']) {
      expect(answer.headers.has(header), `${name} ${header}`).toBe(header in (response?.headers ?? {}));
    }
    const type = (answer.headers.get('content-type') ?? '').split(';')[0] ?? '';
    const schema = response?.content?.[type]?.schema;
    if (answer.body === undefined) {
      expect(response?.content, name).toBeUndefined();
      return;
    }
    expect(schema, `${name} ${type}`).toBeDefined();
    expect(schemaProblems(schema ?? {}, answer.body), name).toEqual([]);
  };

  it('R66: every answer of every operation is what the document says', async () => {
    const done = new Set<string>();
    const check = async <Body>(
      method: 'get' | 'post' | 'patch' | 'put' | 'delete',
      path: string,
      target: string,
      body?: unknown,
      status = 200,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<Body> => {
      const answer =
        method === 'get' || method === 'delete'
          ? await admin[method](target)
          : await admin[method](target, body, { headers });
      expect(answer.status, `${method} ${target}: ${JSON.stringify(answer.body)}`).toBe(status);
      expectDocumented(path, method, answer);
      done.add(`${method.toUpperCase()} /api/v1${path}`);
      return answer.body as Body;
    };

    await check('post', '/groups', '/groups', { name: 'developers' }, 201);
    const person = {
      username: 'anna',
      displayName: 'Anna Example',
      email: 'anna@example.com',
      password: 'correct horse battery',
      groups: ['developers'],
    };
    await check('post', '/users', '/users', person, 201);
    await check('get', '/users/{username}', '/users/anna');
    const csv = { 'Content-Type': 'text/csv' };
    await check('post', '/users/import', '/users/import?dryRun=true', 'username\r\nbert\r\n', 200, csv);
    const rename = '/users/{username}/rename';
    await check('post', rename, '/users/anna/rename', { username: 'anna-example' });
    await check('post', rename, '/users/anna-example/rename', { username: 'anna' });
    await check('patch', '/users/{username}', '/users/anna', { email: null });
    await check('put', '/groups/{name}/members/{username}', '/groups/administrators/members/anna', undefined, 204);
    await check('delete', '/groups/{name}/members/{username}', '/groups/administrators/members/anna', undefined, 204);
    await check('get', '/users', '/users?limit=1');
    await check('get', '/groups', '/groups');
    // Nothing listens there: a synchronisation gets no answer, and nothing waits to be confirmed.
    const directory = { key: 'company', url: 'ldap://127.0.0.1:9', userBase: 'ou=people,dc=example' };
    await check('post', '/directories', '/directories', directory, 201);
    await check('post', '/directories/test', '/directories/test', directory);
    await check('get', '/directories', '/directories');
    await check('get', '/directories/{key}', '/directories/company');
    await check('patch', '/directories/{key}', '/directories/company', { syncMinutes: 60 });
    await check('post', '/directories/{key}/test', '/directories/company/test', {});
    await check('post', '/directories/{key}/sync', '/directories/company/sync', undefined, 503);
    await check('post', '/directories/{key}/sync/confirm', '/directories/company/sync/confirm', undefined, 409);
    await check('delete', '/directories/{key}', '/directories/company', undefined, 204);
    const application = { kind: 'generic', mount: { host: 'reports.example.com' }, upstream: 'http://127.0.0.1:9' };
    await check('get', '/presets', '/presets');
    const preset = { preset: 'generic', upstream: 'http://127.0.0.1:9' };
    await check('post', '/applications', '/applications', preset, 201);
    await check('post', '/applications', '/applications', { ...application, key: 'reports' }, 201);
    const jira = {
      key: 'jira',
      kind: 'jira',
      version: '9.12.0',
      mount: { pathPrefix: '/jira' },
      upstream: 'http://127.0.0.1:9/jira',
      identity: { headers: { 'X-Forwarded-User': '{username}', 'X-Key': { secret: 'a fixed secret' } } },
      readOnlyExceptions: [{ method: 'POST', path: '/rest/api/2/search' }],
    };
    await check('post', '/applications', '/applications', jira, 201);
    await check('get', '/applications/{key}', '/applications/jira');
    await check('patch', '/applications/{key}', '/applications/jira', { name: 'Jira' });
    await check('post', '/applications/{key}/check', '/applications/jira/check', {});
    await check('get', '/applications', '/applications');
    const upstream = await startRecordingUpstream({ respond: () => ({ body: '{"name":"admin"}' }) });
    await check(
      'post',
      '/applications',
      '/applications',
      { ...jira, key: 'tracker', mount: { pathPrefix: '/tracker' }, upstream: upstream.url, identity: DEPOSITS },
      201,
    );
    const ownCredential = '/me/credentials/{application}';
    await check('put', ownCredential, '/me/credentials/tracker', { type: 'bearer', secret: 'a token of the tracker' });
    await check('get', '/me/applications', '/me/applications');
    await check('get', '/me/credentials', '/me/credentials');
    await check('post', `${ownCredential}/check`, '/me/credentials/tracker/check');
    await check('get', '/applications/{key}/credentials', '/applications/tracker/credentials');
    await check('delete', ownCredential, '/me/credentials/tracker', undefined, 204);
    await admin.put('/me/credentials/tracker', { type: 'bearer', secret: 'another token of the tracker' });
    const ofAdmin = '/applications/tracker/credentials/admin';
    await check('delete', '/applications/{key}/credentials/{username}', ofAdmin, undefined, 204);
    await upstream.stop();
    const made = await check<{ id: string; secret: string }>(
      'post',
      '/tokens',
      '/tokens',
      { description: 'x', scope: 'read-only', owner: 'anna', allowList: ['127.0.0.1'], applications: ['jira'] },
      201,
    );
    await check('get', '/tokens/{id}', `/tokens/${made.id}`);
    await check('patch', '/tokens/{id}', `/tokens/${made.id}`, { description: 'y' });
    const next = await check<{ id: string }>('post', '/tokens/{id}/rotate', `/tokens/${made.id}/rotate`, {}, 201);
    await check('get', '/tokens', '/tokens?limit=1');
    await check('post', '/tokens/revoke', '/tokens/revoke', { ids: [next.id] });
    await check('delete', '/tokens/{id}', `/tokens/${next.id}`, undefined, 204);
    const administrator = admin;
    const own = (await administrator.post<{ secret: string }>('/tokens', { description: 'own', scope: 'read-only' }))
      .body;
    admin = administrator.as({ user: 'admin', token: own.secret });
    await check('get', '/tokens/self', '/tokens/self');
    const successor = await check<{ secret: string }>('post', '/tokens/self/rotate', '/tokens/self/rotate', {}, 201);
    admin = administrator.as({ bearer: successor.secret });
    await check('delete', '/tokens/self', '/tokens/self', undefined, 204);
    admin = administrator;
    // As a page of this server.
    const login = { username: 'admin', password: server.adminPassword };
    admin = createApiClient(server.url, null, OWN_PAGE);
    await check('get', '/session/methods', '/session/methods');
    await check('get', '/session/oidc', '/session/oidc', undefined, 404);
    await check('get', '/session/oidc/callback', '/session/oidc/callback', undefined, 404);
    await check('post', '/session', '/session', login, 201);
    admin = (await logIn(server.url, login)).api;
    await check('get', '/session', '/session');
    await check('post', '/session/step-up', '/session/step-up', { password: server.adminPassword }, 204);
    await check('delete', '/session', '/session', undefined, 204);
    admin = administrator;
    await check('get', '/settings', '/settings');
    const settings = await check<object>('patch', '/settings', '/settings', {
      ipRestriction: { allowList: ['203.0.113.0/24'] },
    });
    await check('put', '/settings', '/settings', settings);
    await check('post', '/settings/allow-list', '/settings/allow-list', { entry: '127.0.0.1' }, 201);
    await check('delete', '/settings/allow-list/{entry}', '/settings/allow-list/127.0.0.1', undefined, 204);
    await check('patch', '/settings', '/settings', { ipRestriction: { allowList: [] } });
    await check('get', '/permissions', '/permissions');
    const permissions = await check<object>('patch', '/permissions', '/permissions', {
      useTokens: { everyone: false, groups: ['developers'] },
    });
    await check('put', '/permissions', '/permissions', permissions);
    await check('patch', '/permissions', '/permissions', { useTokens: { everyone: true, groups: [] } });
    await check('get', '/me', '/me');
    await check('get', '/me/requests', '/me/requests');
    const { requestId } = (
      await check<{ items: { requestId: string }[] }>('get', '/me/requests', '/me/requests?limit=1')
    ).items[0] ?? { requestId: '' };
    await check('get', '/requests/{requestId}', `/requests/${requestId}`);
    await check('get', '/reports/usage', '/reports/usage?by=day,user');
    const password = 'another long password';
    await check('post', '/me/password', '/me/password', { current: server.adminPassword, new: password }, 204);
    admin = createApiClient(server.url, { user: 'admin', password });
    const asked = { application: 'jira', method: 'GET', path: '/rest/api/2/issue', peer: '127.0.0.1', headers: [] };
    await check('post', '/explain', '/explain', asked);
    await check('get', '/keys', '/keys');
    await check('get', '/nodes', '/nodes');
    await check('get', '/audit-events', '/audit-events?limit=200');
    await check('get', '/audit-events/export', '/audit-events/export?format=csv');
    await check('get', '/audit-events/export', '/audit-events/export');
    await check('post', '/audit-events/verify', '/audit-events/verify', {});
    await check('delete', '/applications/{key}', '/applications/reports', undefined, 204);
    await check('delete', '/users/{username}', '/users/anna', undefined, 204);
    await check('delete', '/groups/{name}', '/groups/developers', undefined, 204);
    await admin.post('/me/password', { current: password, new: server.adminPassword });
    admin = createApiClient(server.url, { user: 'admin', password: server.adminPassword });

    const documented = managementRoutes().map(({ method, path }) => `${method} ${path}`);
    expect([...documented].sort()).toEqual([...done].sort());
  });

  it('R66, R90: the answers to those who ask about tokens and requests are what the document says', async () => {
    const { secret } = (await admin.post<{ secret: string }>('/tokens', { description: 'x', scope: 'read-only' })).body;
    const caller = { user: 'admin', password: server.adminPassword };
    const documented = (path: string, status: number, body: unknown): void => {
      const content = document.paths[path]?.['post']?.responses[String(status)]?.content ?? {};
      const { schema = { not: {} } } = content[status < 400 ? 'application/json' : 'application/problem+json'] ?? {};
      expect(schemaProblems(schema, body), `${path} ${status}: ${JSON.stringify(body)}`).toEqual([]);
    };
    for (const headers of [[['Authorization', `Bearer ${secret}`]], []] as const) {
      const decided = await askForDecision(server.url, caller, { headers });
      documented('/introspect/decision', decided.status, decided.body);
    }
    for (const [form, as] of [
      [`token=${secret}`, caller],
      ['token=unknown', caller],
      ['', caller],
      [`token=${secret}`, null],
    ] as const) {
      const answer = await postIntrospection(`${server.url}/introspect`, as, 'application/x-www-form-urlencoded', form);
      documented('/introspect', answer.status, answer.body);
    }
    const operation = document.paths['/introspect']?.['post'];
    expect(Object.keys(operation?.requestBody?.content ?? {})).toEqual(['application/x-www-form-urlencoded']);
  });

  it('R66: every problem is what the document says', async () => {
    for (const { method, path } of managementRoutes()) {
      const below = path.slice('/api/v1'.length);
      const target = below.replace(/\{\w+\}/g, 'nothing');
      const call = (as: ApiClient): Promise<ApiAnswer<unknown>> =>
        method === 'GET' || method === 'DELETE'
          ? as[method.toLowerCase() as 'get' | 'delete'](target)
          : as[method.toLowerCase() as 'post' | 'put' | 'patch'](target, { unknown: 1 });
      expectDocumented(below, method.toLowerCase(), await call(admin.as(null)));
      const answer = await call(admin);
      expectDocumented(below, method.toLowerCase(), answer);
    }
  });

  it('R66: the examples of the document can be sent as they are', async () => {
    await admin.post('/applications', {
      key: 'jira',
      kind: 'jira',
      version: '9.12.0',
      mount: { pathPrefix: '/jira-of-the-examples' },
      upstream: 'http://127.0.0.1:9',
    });
    for (const username of ['alice', 'anna']) await admin.post('/users', { username });
    for (const name of ['developers', 'testers']) await admin.post('/groups', { name });
    const before = await admin.get('/settings');
    for (const { method, path, operation } of managementRoutes()) {
      // They need one's own password.
      if (['/api/v1/me/password', '/api/v1/session', '/api/v1/session/step-up'].includes(path)) continue;
      const makeToken = async (): Promise<{ id: string; secret: string }> =>
        (await admin.post<{ id: string; secret: string }>('/tokens', { description: 'x', scope: 'read-only' })).body;
      const { id } = await makeToken();
      const target = path
        .slice('/api/v1'.length)
        .replace('{id}', id)
        .replace('{key}', 'jira')
        .replace('{username}', 'anna');
      for (const [media, content] of Object.entries(operation.requestBody?.content ?? {})) {
        for (const [title, { value }] of Object.entries(content.examples ?? {})) {
          let caller = admin;
          if (target.startsWith('/tokens/self')) {
            // It concerns the token of the request, and an example before may have changed the addresses for tokens.
            await admin.patch('/settings', { ipRestriction: { allowList: [] } });
            caller = admin.as({ bearer: (await makeToken()).secret });
          }
          const answer = await caller[method.toLowerCase() as 'post' | 'put' | 'patch'](target, value, {
            headers: { 'Content-Type': media },
          });
          const name = `${method} ${path} "${title}" ${JSON.stringify(answer.body)}`;
          // Some speak of what was made before, or is not there.
          expect([200, 201, 204, 404, 409], name).toContain(answer.status);
        }
      }
    }
    const { warnings: _warnings, ...settings } = before.body as { warnings: unknown };
    expect((await admin.put('/settings', settings)).status).toBe(200);
  });
});

describe.runIf(isBrowserAvailable())('Swagger UI in a real browser', () => {
  /** Fills in the body of an opened operation, executes it, and answers the status and the body that are shown. */
  const execute = async (operation: Locator, body?: object): Promise<{ status: string; text: string }> => {
    if (body !== undefined) {
      const editor = operation.locator('textarea.body-param__text');
      await editor.fill(JSON.stringify(body, null, 2));
    }
    // What an earlier execution has shown must not be taken for the answer of this one.
    const clear = operation.locator('button.btn-clear');
    if (await clear.isVisible()) await clear.click();
    await operation.locator('button.execute').click();
    const live = operation.locator('.live-responses-table');
    await live.waitFor();
    const text = await live.locator('.response-col_description .highlight-code pre').first().innerText();
    return { status: (await live.locator('tbody .response-col_status').first().innerText()).trim(), text };
  };

  const open = async (page: Page, operationId: string): Promise<Locator> => {
    const operation = page.locator(`[id$="-${operationId}"]`);
    await operation.locator('.opblock-summary-control').click();
    await operation.locator('button.execute').waitFor();
    return operation;
  };

  it('R66: a PUT that is tried out begins with what the server has now', async () => {
    const browser = await startBrowser();
    try {
      await admin.patch('/settings', { purge: { expiredTokensAfterDays: 77 } });
      const before = await admin.get('/settings');
      const page = await browser.newPage();
      await page.goto(`${server.url}/docs`);
      await page.locator('.auth-wrapper button.authorize').click();
      const dialog = page.locator('.modal-ux');
      await dialog.locator('#auth-basic-username').fill('admin');
      await dialog.locator('#auth-basic-password').fill(server.adminPassword);
      await dialog.locator('.auth-container').first().locator('button[type=submit]').click();
      await dialog.locator('button.btn-done').first().click();
      const operation = page.locator('[id$="-replaceSettings"]');
      await operation.locator('.opblock-summary-control').click();
      await operation.locator('button.try-out__btn').click();
      const editor = operation.locator('textarea.body-param__text');
      await expect.poll(async () => editor.inputValue()).toContain('77');
      expect((await execute(operation)).status).toMatch(/^200/);
      const after = await admin.get('/settings');
      expect(after.body).toEqual(before.body);
    } finally {
      await browser.stop();
      await admin.patch('/settings', { purge: { expiredTokensAfterDays: 30 } });
    }
  });

  it('R66: a wrong password shows its problem and no login dialog, on a phone as well', async () => {
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.setViewportSize({ width: 390, height: 800 });
      await page.goto(`${server.url}/docs`);
      await page.locator('.opblock').first().waitFor();
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      const refused = await execute(await open(page, 'getMe'));
      expect(refused.status).toMatch(/^401/);
      // What is wide scrolls within itself.
      expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      const challenge = await page.evaluate(
        `fetch('/api/v1/me').then((answer) => answer.status + ' ' + answer.headers.get('www-authenticate'))`,
      );
      expect(challenge).toBe('401 null');
    } finally {
      await browser.stop();
    }
  });

  it('R66, R67: credentials go out as UTF-8, nothing is deleted by a stray click, and the filter finds words', async () => {
    const browser = await startBrowser();
    try {
      const page = await browser.newPage();
      await page.setViewportSize({ width: 1280, height: 1600 });
      // R66: a user name and a password beyond Latin-1 go out as UTF-8.
      const secret = 'größer als 5 € ist das';
      const created = await admin.post('/users', { username: 'jürgen€', password: secret });
      expect(created.status).toBe(201);
      await page.goto(`${server.url}/docs`);
      await page.locator('.auth-wrapper button.authorize').click();
      const dialog = page.locator('.modal-ux');
      await dialog.locator('#auth-basic-username').fill('jürgen€');
      await dialog.locator('#auth-basic-password').fill(secret);
      await dialog.locator('.auth-container').first().locator('button[type=submit]').click();
      await dialog.locator('button.btn-done').first().click();
      const jurgen = await execute(await open(page, 'getMe'));
      expect(jurgen.status).toMatch(/^200/);
      expect(JSON.parse(jurgen.text)).toMatchObject({ username: 'jürgen€' });

      // R66: nothing is replaced or deleted by a stray click.
      for (const id of ['replaceSettings', 'deleteUser']) {
        const careful = page.locator(`[id$="-${id}"]`);
        await careful.locator('.opblock-summary-control').click();
        await careful.locator('button.try-out__btn').waitFor();
        expect(await careful.locator('button.execute').count(), id).toBe(0);
      }

      // R66: the filter looks at paths and words, whatever their case.
      const filter = page.getByPlaceholder('Filter by path, method or words');
      await filter.fill('ALLOW-LIST/');
      await page.locator('[id$="-getMe"]').waitFor({ state: 'detached' });
      expect(await page.locator('.opblock').count()).toBe(1);
      await filter.fill('');
      await page.locator('[id$="-getMe"]').waitFor();
    } finally {
      await browser.stop();
    }
  }, 120_000);

  it('R66: an administrator authorizes at /docs and creates a token there', async () => {
    const browser = await startBrowser();
    const complaints: string[] = [];
    const elsewhere: string[] = [];
    try {
      const page = await browser.newPage();
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(String(error)));
      page.on('requestfailed', (failed) => complaints.push(`${failed.url()} failed`));
      page.on('request', (sent) => {
        const isOurs = sent.url().startsWith(server.url) || /^(?:data|blob):/.test(sent.url());
        if (!isOurs) elsewhere.push(sent.url());
      });
      await page.addInitScript({
        content: `addEventListener('securitypolicyviolation', (event) =>
          console.error('Content Security Policy: ' + event.violatedDirective + ' ' + event.blockedURI));`,
      });
      await page.setViewportSize({ width: 1280, height: 1600 });
      await page.goto(`${server.url}/docs`);
      await page.locator('.opblock').first().waitFor();
      expect(await page.title()).toBe('Scopegate API');
      expect(await page.locator('.opblock').count()).toBe(routes().length);

      await page.locator('.auth-wrapper button.authorize').click();
      const dialog = page.locator('.modal-ux');
      await dialog.locator('#auth-basic-username').fill('admin');
      await dialog.locator('#auth-basic-password').fill(server.adminPassword);
      await dialog.locator('.auth-container').first().locator('button[type=submit]').click();
      await dialog.getByText('Authorized').first().waitFor();
      await dialog.locator('button.btn-done').first().click();

      const me = await execute(await open(page, 'getMe'));
      expect(me.status).toMatch(/^200/);
      expect(JSON.parse(me.text)).toMatchObject({ username: 'admin', administrator: true });
      await page.locator('[id$="-getMe"] .opblock-summary-control').click();

      const creation = await open(page, 'createToken');
      // The example that is filled in can be executed as it is.
      const example = await execute(creation);
      expect(example.status).toMatch(/^201/);
      const made = await execute(creation, {
        description: 'made in Swagger UI',
        scope: 'read-only',
        validity: 'P1M',
      });
      expect(made.status).toMatch(/^201/);
      const token = JSON.parse(made.text) as { id: string; secret: string; scope: string };
      expect(token).toMatchObject({ owner: 'admin', description: 'made in Swagger UI', scope: 'read-only' });
      expect(token.secret).toMatch(/^sg_[0-9A-Za-z]{12}_[0-9A-Za-z]{40}_[0-9A-Za-z]{6}$/);
      mkdirSync(ARTIFACTS, { recursive: true });
      await page.evaluate(`document.querySelector('[id$="-createToken"]').scrollIntoView()`);
      await page.screenshot({ path: join(ARTIFACTS, 'swagger-ui.png') });

      const refused = await execute(creation, { description: 'no scope' });
      expect(refused.status).toMatch(/^400/);
      expect(JSON.parse(refused.text)).toMatchObject({ code: 'validation_failed', errors: [{ field: 'scope' }] });

      const list = await execute(await open(page, 'listTokens'));
      expect(list.status).toMatch(/^200/);
      const page1 = JSON.parse(list.text) as { items: readonly { id: string }[] };
      expect(page1.items[0]?.id).toBe(token.id);
      expect(list.text).not.toContain(token.secret);

      // The token works, with its scope, also in the dialog's other field.
      await page.locator('.auth-wrapper button.authorize').click();
      await dialog.locator('.auth-container').first().getByRole('button', { name: 'Remove authorization' }).click();
      await dialog.locator('#auth-bearer-value').fill(token.secret);
      await dialog.locator('.auth-container').nth(1).locator('button[type=submit]').click();
      await dialog.locator('button.btn-done').first().click();
      const forbidden = await execute(page.locator('[id$="-createToken"]'), {
        description: 'x',
        scope: 'read-write',
      });
      expect(forbidden.status).toMatch(/^403/);
      expect(JSON.parse(forbidden.text)).toMatchObject({ code: 'exceeds_parent_token' });

      // A refusal is an error in the browser's own view of the network, and nothing else is one.
      expect(complaints.filter((text) => !/status of 40[03]/.test(text))).toEqual([]);
      expect(elsewhere).toEqual([]);
    } finally {
      await browser.stop();
    }
  }, 120_000);
});
