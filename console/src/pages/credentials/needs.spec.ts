import { describe, expect, it } from 'vitest';
import type { OwnApplication } from '../../data/own-applications';
import type { Deposit } from '../../data/own-credentials';
import { needsOf } from './needs';

const application = (key: string, takesCredential = true): OwnApplication => ({
  key,
  name: key.toUpperCase(),
  kind: 'jira',
  mount: { pathPrefix: `/${key}` },
  takesCredential,
});

const deposit = (key: string, state: Deposit['state'] = 'working'): Deposit => ({
  application: key,
  username: 'alice',
  type: 'bearer',
  upstreamAccount: 'alice',
  hint: '…abcd',
  state,
  depositedAt: '2026-11-01T00:00:00.000Z',
  checkedAt: '2026-11-01T00:00:00.000Z',
  lastUsedAt: null,
});

describe('needsOf', () => {
  it('R100: shows what is missing first, then what does not work, then the rest', () => {
    const applications = ['works', 'missing', 'rejected', 'old'].map((key) => application(key, key !== 'old'));
    const deposits = [deposit('works'), deposit('rejected', 'rejected'), deposit('old'), deposit('gone')];
    expect(needsOf(applications, deposits).map(({ key, name, isTaken }) => [key, name, isTaken])).toEqual([
      ['missing', 'MISSING', true],
      ['rejected', 'REJECTED', true],
      ['works', 'WORKS', true],
      ['gone', 'gone', false],
      ['old', 'OLD', false],
    ]);
  });

  it('R100: shows nothing where no application needs a credential', () => {
    expect(needsOf([application('jira', false)], [])).toEqual([]);
  });
});
