import { describe, expect, it } from 'vitest';
import type { Directory } from '../../data/directories';
import { bodyOf, NEW_DIRECTORY, triedOf } from './directory-draft';

const SAVED = {
  ...NEW_DIRECTORY,
  key: 'company',
  bindDn: 'cn=reader,dc=example,dc=com',
  hasBindPassword: true,
  warnings: [],
  status: { users: 3 },
} as unknown as Directory;

describe('what a directory sends', () => {
  it('R92: the state that is shown is never sent back', () => {
    const body = bodyOf(SAVED);
    for (const member of ['status', 'warnings', 'hasBindPassword']) expect(body).not.toHaveProperty(member);
    expect(body).toMatchObject({ key: 'company', bindDn: 'cn=reader,dc=example,dc=com' });
  });

  it('R92: what is saved is tried with its stored password', () => {
    expect(triedOf(SAVED, SAVED, {})).toEqual({ kind: 'saved', key: 'company' });
  });

  it('R92: what was changed is tried with a password that was typed, or without an account', () => {
    const patch = { userFilter: '(uid=a*)' };
    expect(triedOf(SAVED, { ...SAVED, ...patch }, patch)).toBeNull();
    expect(triedOf(SAVED, { ...SAVED, ...patch, bindPassword: 'typed' }, patch)).toMatchObject({
      kind: 'typed',
      body: { userFilter: '(uid=a*)', bindPassword: 'typed' },
    });
    expect(triedOf(SAVED, { ...SAVED, bindDn: null }, { bindDn: null })?.kind).toBe('typed');
  });

  it('R92: a new one is tried before it has a key', () => {
    const tried = triedOf(null, { ...NEW_DIRECTORY, url: 'ldap://localhost' }, { url: 'ldap://localhost' });
    expect(tried).toMatchObject({ kind: 'typed', body: { url: 'ldap://localhost' } });
    expect(tried?.kind === 'typed' && 'key' in tried.body).toBe(false);
  });
});
