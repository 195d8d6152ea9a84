import { describe, expect, it } from 'vitest';
import {
  LOGIN_INFO,
  readLoginInfo,
  sessionAnswer,
  sessionCookie,
  sessionUserAnswer,
  type OuterAddress,
} from './session-answer.js';

const MOUNTED: OuterAddress = { scheme: 'https', host: 'gateway.example:8443', pathPrefix: '/jira' };
const OF_HOST: OuterAddress = { scheme: 'http', host: 'jira.example', pathPrefix: '/' };

describe('the answers of the session endpoint', () => {
  it('R11: the cookie is for the mount alone, not for scripts, and for https where it came by https', () => {
    expect(sessionCookie('JSESSIONID', 'sgs_x', MOUNTED)).toBe(
      'JSESSIONID=sgs_x; Path=/jira; HttpOnly; SameSite=Strict; Secure',
    );
    expect(sessionCookie('JSESSIONID', 'sgs_x', OF_HOST)).toBe('JSESSIONID=sgs_x; Path=/; HttpOnly; SameSite=Strict');
    expect(sessionCookie('JSESSIONID', null, OF_HOST)).toBe(
      'JSESSIONID=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    );
  });

  it('R04: are in the shape of Jira', () => {
    expect(JSON.parse(sessionAnswer('JSESSIONID', 'sgs_x', LOGIN_INFO))).toEqual({
      session: { name: 'JSESSIONID', value: 'sgs_x' },
      loginInfo: { failedLoginCount: 0, loginCount: 1 },
    });
    expect(JSON.parse(sessionUserAnswer('ann & bob', MOUNTED))).toEqual({
      self: 'https://gateway.example:8443/jira/rest/api/latest/user?username=ann%20%26%20bob',
      name: 'ann & bob',
      loginInfo: { failedLoginCount: 0, loginCount: 1 },
    });
    expect(JSON.parse(sessionUserAnswer('a', { ...OF_HOST, host: null }))).toMatchObject({
      self: '/rest/api/latest/user?username=a',
    });
  });
});

describe('how often a user logged in', () => {
  it.each([
    null,
    '',
    '<html>',
    '[]',
    '{"name":"alice"}',
    '{"loginInfo":[1]}',
    '{"loginInfo":{"loginCount":-1,"failedLoginCount":"2","previousLoginTime":"<b>"}}',
  ])('R77: is as usual where the upstream says nothing that can be read: %j', (body) => {
    expect(readLoginInfo(body)).toEqual(LOGIN_INFO);
  });

  it('R77: is what the upstream says, without other members', () => {
    const previousLoginTime = '2026-11-28T10:00:00.000+0000';
    const loginInfo = { loginCount: 7, failedLoginCount: 2, previousLoginTime, session: 'x' };
    const body = JSON.stringify({ name: 'alice', loginInfo });
    expect(readLoginInfo(body)).toEqual({ loginCount: 7, failedLoginCount: 2, previousLoginTime });
  });
});
