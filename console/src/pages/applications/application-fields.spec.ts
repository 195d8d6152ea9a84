import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applicationLabel, applicationPath, fieldsOfWarning, mountText } from './application-fields';

describe('the fields of an application', () => {
  it('R104: every warning about an application has a field', () => {
    const source = readFileSync(
      resolve(import.meta.dirname, '../../../../src/applications/application-warning.ts'),
      'utf8',
    );
    const all = [...source.matchAll(/code: '(\w+)'/g)].map(([, code = '']) => code);
    // About the console, and shown above the overview.
    const codes = all.filter((code) => code !== 'console_shares_origin');
    expect(codes.length).toBeGreaterThan(10);
    const without = codes.filter((code) => fieldsOfWarning({ code, message: '' }).length === 0);
    expect(without).toEqual([]);
  });

  it('R104: an unknown warning stands at the top', () => {
    expect(fieldsOfWarning({ code: 'a_new_one', message: '' })).toEqual([]);
  });

  it('R104: mounts and members in words', () => {
    expect(mountText({ mount: { pathPrefix: '/jira' } })).toBe('/jira');
    expect(mountText({ mount: { host: 'jira.example.com', pathPrefix: '/x' } })).toBe('jira.example.com/x');
    expect(applicationLabel('mount.pathPrefix')).toBe('Where clients reach it');
    expect(applicationLabel('timeoutMs')).toBe('timeoutMs');
    expect(applicationLabel('warnings')).toBeUndefined();
    expect(applicationPath('new')).not.toBe('/applications/new');
    expect(applicationPath('jira')).toBe('/applications/jira');
  });
});
