import { HttpException, Version2Client } from 'jira.js';
import { describe, expect, it, onTestFinished } from 'vitest';
import { basic } from './scopegate.fixture.js';
import { startJiraStandIn, type JiraStandIn, type JiraStandInOptions } from './jira-stand-in.js';

const PASSWORD = 'the password that Jira has';

async function started(version: JiraStandInOptions['version']): Promise<JiraStandIn> {
  const jira = await startJiraStandIn({ version, users: { alice: PASSWORD } });
  onTestFinished(() => jira.stop());
  return jira;
}

function clientOf(jira: JiraStandIn, accessToken: string): Version2Client {
  return new Version2Client({ host: jira.url, authentication: { oauth2: { accessToken } } });
}

const whoAmI = (jira: JiraStandIn, authorization?: string): Promise<Response> =>
  fetch(`${jira.url}/rest/api/2/myself`, {
    headers: { 'X-Forwarded-User': 'alice', ...(authorization === undefined ? {} : { Authorization: authorization }) },
  });

const openSession = (jira: JiraStandIn): Promise<Response> =>
  fetch(`${jira.url}/rest/auth/1/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ username: 'alice', password: PASSWORD }),
  });

describe.each(['9.12.0', '11.0.0'] as const)('a stand-in for Jira %s', (version) => {
  it('serves the user of a personal access token, and no user of a header', async () => {
    const jira = await started(version);
    const token = jira.createAccessToken('alice');
    expect(await clientOf(jira, token).myself.getCurrentUser()).toMatchObject({ name: 'alice' });
    expect(await clientOf(jira, token).serverInfo.getServerInfo()).toMatchObject({ version });
    const anonymous = await whoAmI(jira);
    expect([anonymous.status, anonymous.headers.get('x-ausername')]).toEqual([401, 'anonymous']);
    jira.revokeAccessToken(token);
    await expect(clientOf(jira, token).myself.getCurrentUser()).rejects.toMatchObject({ status: 401 });
  });

  it('demands a CAPTCHA of a user with failed logins, and refuses forms of other pages', async () => {
    const jira = await started(version);
    const token = jira.createAccessToken('alice');
    const form = { method: 'POST', headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'text/plain' } };
    expect((await fetch(`${jira.url}/rest/api/2/issue`, { ...form, body: '{}' })).status).toBe(403);
    jira.demandCaptcha('alice');
    const error = await clientOf(jira, token)
      .myself.getCurrentUser()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(HttpException);
    expect((await whoAmI(jira, `Bearer ${token}`)).headers.get('x-authentication-denied-reason')).toMatch(
      /^CAPTCHA_CHALLENGE; login-url=/,
    );
  });
});

describe('what differs between the versions', () => {
  it('Jira 9.12 takes a password, opens a session, and counts failed logins', async () => {
    const jira = await started('9.12.0');
    expect((await whoAmI(jira, basic('alice', PASSWORD)[1])).status).toBe(200);
    const [cookie = ''] = (await openSession(jira)).headers.getSetCookie();
    const answer = await fetch(`${jira.url}/rest/api/2/myself`, { headers: { Cookie: cookie.split(';')[0] ?? '' } });
    expect(await answer.json()).toMatchObject({ name: 'alice' });
    const statuses = [];
    for (let tried = 0; tried < 4; tried += 1) statuses.push((await whoAmI(jira, basic('alice', 'wrong')[1])).status);
    expect(statuses).toEqual([401, 401, 401, 403]);
    expect((await whoAmI(jira, basic('alice', PASSWORD)[1])).status).toBe(403);
  });

  it('Jira 11 takes no password, and has no session endpoint', async () => {
    const jira = await started('11.0.0');
    const answer = await whoAmI(jira, basic('alice', PASSWORD)[1]);
    expect(answer.status).toBe(403);
    expect(await answer.json()).toEqual({ message: 'Basic Authentication has been disabled on this instance.' });
    expect((await openSession(jira)).status).toBe(404);
  });
});
