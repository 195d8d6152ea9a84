import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { ensureBuilt } from '../support/project-build.js';
import { readSource } from './source-tree.js';

const PROJECT = resolve(import.meta.dirname, '../..');

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly security?: readonly object[];
  readonly responses: Readonly<Record<string, unknown>>;
}

interface Schema {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, { readonly default?: unknown; readonly description?: string }>>;
}

interface ApiDocument {
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** They need no credential: they end with one (R96, R99). */
const LOGINS: ReadonlySet<string> = new Set([
  'post /api/v1/session',
  'get /api/v1/session/methods',
  'get /api/v1/session/oidc',
  'get /api/v1/session/oidc/callback',
]);

describe('docs/openapi.json', () => {
  it('R66: is the document that the built server answers with', async () => {
    await ensureBuilt();
    const { stdout } = await promisify(execFile)(process.execPath, [join(PROJECT, 'dist/src/openapi.js'), '--check']);
    expect(stdout).toContain('is what the server answers');
  });

  it('R66: has a summary, a success and the refusals of every call of the management API', () => {
    const { paths } = JSON.parse(readSource('docs/openapi.json')) as ApiDocument;
    const calls = Object.entries(paths).flatMap(([path, operations]) =>
      Object.entries(operations).map(([method, operation]) => ({ call: `${method} ${path}`, path, operation })),
    );
    expect(calls.length).toBeGreaterThan(25);
    const incomplete = calls.filter(({ call, path, operation }) => {
      const statuses = Object.keys(operation.responses);
      const wanted = path.startsWith('/api/') ? ['401', '403', '429'] : [];
      return (
        (operation.summary ?? '') === '' ||
        !statuses.some((status) => /^(?:2\d\d|302)$/.test(status)) ||
        !wanted.every((status) => statuses.includes(status)) ||
        (path.startsWith('/api/') && !LOGINS.has(call) && (operation.security ?? []).length === 0)
      );
    });
    expect(incomplete.map(({ call }) => call)).toEqual([]);
  });

  it('R62, R66: gives members of a patch no default, which a client would fill in and so change', () => {
    const { schemas } = (JSON.parse(readSource('docs/openapi.json')) as ApiDocument).components;
    const patches = Object.entries(schemas).filter(([name]) => name.endsWith('Patch'));
    expect(patches.length).toBeGreaterThan(5);
    const withDefault = patches.flatMap(([name, { properties = {} }]) =>
      Object.entries(properties).flatMap(([member, schema]) => ('default' in schema ? [`${name}.${member}`] : [])),
    );
    expect(withDefault).toEqual([]);
    expect(schemas['AuditSettingsPatch']?.properties?.['failOpen']?.description).toContain('stays unchanged');
    expect(schemas['AuditSettings']?.required).toContain('failOpen');
    expect(schemas['ReplaceAuditSettings']?.required).not.toContain('failOpen');
    expect(schemas['ReplaceAuditSettings']?.properties?.['failOpen']?.default).toBe(false);
  });
});
