import { describe, expect, it } from 'vitest';
import { draftErrors, newToken, type TokenDraft } from './new-token';

const DRAFT: TokenDraft = {
  description: ' nightly report ',
  scope: 'read-only',
  end: { choice: 'P6M', date: '' },
  owner: '',
  isNarrowed: false,
  applications: ['jira'],
  addresses: '',
};

describe('newToken', () => {
  it('R100: sends what was filled in, and nothing else', () => {
    expect(newToken(DRAFT)).toEqual({ description: 'nightly report', scope: 'read-only', validity: 'P6M' });
  });

  it('R100: narrows to applications and addresses', () => {
    const addresses = '192.0.2.7, 192.0.2.0/24\n\n 2001:db8::1-2001:db8::9 ';
    expect(newToken({ ...DRAFT, isNarrowed: true, owner: ' bob ', addresses })).toEqual({
      description: 'nightly report',
      scope: 'read-only',
      validity: 'P6M',
      owner: 'bob',
      applications: ['jira'],
      allowList: ['192.0.2.7', '192.0.2.0/24', '2001:db8::1-2001:db8::9'],
    });
  });

  it.each<[string, Partial<TokenDraft>, string]>([
    ['a blank description', { description: ' ' }, 'description'],
    ['no scope (R09)', { scope: null }, 'scope'],
    ['a date that is none', { end: { choice: 'date', date: '' } }, 'end'],
    ['no application of those it is narrowed to', { isNarrowed: true, applications: [] }, 'applications'],
  ])('R100: %s is asked for at its field', (_, change, field) => {
    const draft = { ...DRAFT, ...change };
    expect(Object.keys(draftErrors(draft))).toEqual([field]);
    expect(newToken(draft)).toBeNull();
  });
});
