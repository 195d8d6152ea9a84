import { describe, expect, it } from 'vitest';
import { problemOf } from '../../api/problem';
import { directoryPath, syncText, testVerdict, waitingText, worded, wordedProblem } from './directory-texts';

const TEST = {
  connected: true,
  tls: true,
  bound: true,
  users: 300,
  sample: [],
  groups: 1,
  loggedIn: null,
  advice: [],
};

describe('the words of a directory', () => {
  it('R92: members of the API are named by the labels of the fields', () => {
    expect(worded('Check "userBase" and "groupBase", as "anna" said.')).toBe(
      'Check “Base of users” and “Base of groups”, as "anna" said.',
    );
    expect(worded('"constructor" and "toString"')).toBe('"constructor" and "toString"');
    const problem = problemOf(503, { detail: 'Nothing accepts connections at "url".' }, null);
    expect(wordedProblem(problem)?.message).toBe('Nothing accepts connections at “Address”.');
    expect(wordedProblem(null)).toBeNull();
  });

  it('R93: a synchronisation says what it did, and only that', () => {
    expect(syncText({ created: 1_200, changed: 0, deactivated: 1, groups: 2, held: false })).toBe(
      '1,200 users created, 1 user deactivated, 2 groups created or removed.',
    );
    expect(syncText({ created: 0, changed: 0, deactivated: 0, groups: 0, held: false })).toBe(
      'Everything was up to date.',
    );
  });

  it('R94: a held synchronisation says what it would do', () => {
    const waiting = {
      since: '2026-11-29T12:00:00.000Z',
      deactivations: 2,
      activeUsers: 3,
      emptiedGroups: 0,
      groups: 1,
    };
    expect(waitingText(waiting)).toBe('It would deactivate 2 of 3 active users.');
    expect(waitingText({ ...waiting, emptiedGroups: 1 })).toBe(
      'It would deactivate 2 of 3 active users and empty 1 of 1 group.',
    );
  });

  it.each([
    [{ connected: false, bound: false, users: 0 }, 'bad', 'There is no connection to the directory.'],
    [{ bound: false, users: 0 }, 'bad', 'The directory answers, and does not accept the bind account.'],
    [{ users: 0 }, 'bad', 'The directory answers, and no user is read.'],
    [{}, 'good', 'It works: 300 users and 1 group.'],
    [{ advice: ['No TLS.'] }, 'warning', 'It works: 300 users and 1 group.'],
    [{ loggedIn: true }, 'good', 'It works: 300 users and 1 group. The login is accepted.'],
    [{ loggedIn: false }, 'bad', 'It works: 300 users and 1 group. But the login is refused.'],
  ] as const)('R92: a test with %j is %s', (found, kind, title) => {
    expect(testVerdict({ ...TEST, ...found, advice: [...('advice' in found ? found.advice : [])] })).toEqual({
      kind,
      title,
    });
  });

  it('R104: a directory with the key `new` is no page for a new one', () => {
    expect(directoryPath('company')).toBe('/people/directories/company');
    expect(directoryPath('new')).toBe('/people/directories/new/edit');
  });
});
