import { expect, it } from 'vitest';
import type { ApiAnswer, ProblemBody } from '../support/api.client.js';
import { authorizationOf } from '../support/api.client.js';
import { describeOnEachDatabase, unique } from '../support/each-database.js';
import { expectProblem } from '../support/expect-problem.js';
import type { ScopegateFixture } from '../support/scopegate.fixture.js';

type Result = {
  readonly create: number;
  readonly change: number;
  readonly errors: readonly { readonly line: number; readonly message: string }[];
};

describeOnEachDatabase('the import of users', (server: () => ScopegateFixture) => {
  const send = async <Body = Result>(
    csv: string | Buffer,
    { query = '', type = 'text/csv', user = 'admin', password = server().adminPassword } = {},
  ): Promise<ApiAnswer<Body>> => {
    const answer = await fetch(`${server().admin.url}/users/import${query}`, {
      method: 'POST',
      headers: { 'Content-Type': type, Authorization: authorizationOf({ user, password }) },
      body: csv,
    });
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Body };
  };
  const dryRun = (csv: string): Promise<ApiAnswer<Result>> => send(csv, { query: '?dryRun=true' });
  const user = async (name: string): Promise<unknown> => (await server().admin.get(`/users/${name}`)).body;
  const has = async (name: string): Promise<boolean> => (await server().admin.get(`/users/${name}`)).status === 200;

  it('R97: a dry run counts and changes nothing, and the import does the same in one transaction', async () => {
    const [developers, testers] = [await server().createGroup(unique('dev')), await server().createGroup(unique('qa'))];
    const { username: known } = await server().createUser({ username: unique('known'), displayName: 'Old' });
    const { username: same } = await server().createUser({ username: unique('same'), displayName: 'Same' });
    const [first, second] = [unique('First'), unique('second')];
    const csv =
      'username,displayName,email,groups\r\n' +
      `${first},"Doe, ""Jo""",jo@example.com,"${developers}, ${testers}"\r\n` +
      `${second},,,\r\n` +
      `${known.toUpperCase()},Ünï,known@example.com,${testers}\r\n` +
      `${same},Same,,\r\n`;
    const planned = await dryRun(csv);
    expect(planned).toMatchObject({ status: 200, body: { create: 2, change: 1, errors: [] } });
    expect(await has(first)).toBe(false);
    expect(await user(known)).toMatchObject({ displayName: 'Old', groups: [] });
    expect(await server().events({ type: 'user.created', q: first })).toEqual([]);

    expect(await send(csv)).toMatchObject({ status: 200, body: planned.body });
    expect(await user(first)).toEqual({
      username: first,
      displayName: 'Doe, "Jo"',
      email: 'jo@example.com',
      active: true,
      groups: [developers, testers].sort(),
      directory: 'local',
    });
    expect(await user(second)).toMatchObject({ displayName: second, email: null, groups: [] });
    expect(await user(known)).toMatchObject({
      username: known,
      displayName: 'Ünï',
      email: 'known@example.com',
      groups: [testers],
    });
    const events = await server().events({ user: 'admin', limit: '20' });
    const subjects = events
      .filter(({ type }) => type === 'user.created' || type === 'user.changed')
      .map(({ type, detail }) => `${type} ${(detail as { readonly subject: string }).subject}`);
    for (const line of [`user.created ${first}`, `user.created ${second}`, `user.changed ${known}`]) {
      expect(subjects.filter((subject) => subject === line)).toHaveLength(1);
    }
    expect(subjects).not.toContain(`user.changed ${same}`);
    expect(await send(csv)).toMatchObject({ status: 200, body: { create: 0, change: 0 } });
  });

  it('R97: a column that is left out changes nothing', async () => {
    const group = await server().createGroup(unique('kept'));
    const { username } = await server().createUser({
      username: unique('part'),
      email: 'part@example.com',
      groups: [group],
    });
    expect(await send(`displayName,username\nNew name,${username}\n`)).toMatchObject({
      body: { create: 0, change: 1 },
    });
    expect(await user(username)).toMatchObject({ displayName: 'New name', email: 'part@example.com', groups: [group] });
    expect(await send(`username,groups\n${username},\n`)).toMatchObject({ body: { change: 1 } });
    expect(await user(username)).toMatchObject({ displayName: 'New name', email: 'part@example.com', groups: [] });
  });

  it('R97: with one wrong line nothing is imported, and each error names its line', async () => {
    const right = unique('right');
    const csv =
      'username,displayName,email,groups\n' +
      `${right},Right,,\n` +
      'a:b,Colon,,\n' +
      'sg_token,Token,,\n' +
      `${right.toUpperCase()},Twice,,\n` +
      'mail,Mail,no address,\n' +
      'cells,Cells\n' +
      'group,Group,,no-such-group\n';
    const { body } = await dryRun(csv);
    expect(body.errors.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(body).toMatchObject({ create: 1, change: 0 });
    const refused = await send<ProblemBody>(csv.replace(/group,Group.*\n/, ''));
    expectProblem(refused, 400, 'validation_failed');
    expect(refused.body.errors?.[0]).toMatchObject({ field: 'line 3' });
    expectProblem(await send(`username,groups\n${right},no-such-group\n`), 400, 'validation_failed');
    expect(await has(right)).toBe(false);
  });

  it.each([
    ['no text', ''],
    ['no header', 'anna,Anna,anna@example.com,\n'],
    ['an unknown column', 'username,password\nanna,correct horse battery\n'],
    ['a column twice', 'username,username\nanna,anna\n'],
    ['no user names', 'email\nanna@example.com\n'],
    ['semicolons', 'username;email\nanna;anna@example.com\n'],
    ['an open quote', 'username\n"anna\n'],
    ['too many users', `username\n${Array.from({ length: 1_001 }, (_, index) => `many-${index}`).join('\n')}\n`],
  ])('R97: refuses %s', async (_what, csv) => {
    expect((await dryRun(csv)).body).toMatchObject({ create: 0, change: 0, errors: [{}] });
    expectProblem(await send(csv), 400, 'validation_failed');
  });

  it('R26, R97: an import leaves an active administrator', async () => {
    const csv = 'username,groups\nadmin,\n';
    expect((await dryRun(csv)).body.errors).toEqual([{ line: 2, message: expect.stringContaining('administrator') }]);
    expectProblem(await send(csv), 400, 'validation_failed');
    const next = unique('next');
    expect((await dryRun(`${csv}${next},administrators\n`)).body).toMatchObject({ create: 1, change: 1, errors: [] });
    expect(await user('admin')).toMatchObject({ groups: ['administrators'] });
  });

  it('R97, R125: only an administrator with a password may import, and only CSV in UTF-8', async () => {
    const csv = `username\n${unique('mine')}\n`;
    const { username, password } = await server().createUser({ username: unique('other') });
    expectProblem(await send(csv, { user: username, password }), 403, 'administrator_required');
    const { secret } = await server().createToken({ scope: 'read-write' });
    expectProblem(await send(csv, { password: secret }), 403, 'scope_insufficient');
    expectProblem(await send(csv, { type: 'application/json' }), 415, 'unsupported_media_type');
    expectProblem(await send(csv, { type: 'text/plain' }), 415, 'unsupported_media_type');
    expectProblem(await send(Buffer.from('username,displayName\nx,J\xf6rg\n', 'latin1')), 400, 'request_malformed');
    expectProblem(await send('x'.repeat(1_048_577)), 413, 'too_large');
    expectProblem(await send(csv, { query: '?dryRun=yes' }), 400, 'validation_failed');
    expectProblem(
      await server().admin.post('/groups', 'name', { headers: { 'Content-Type': 'text/csv' } }),
      415,
      'unsupported_media_type',
    );
    expect(await has(csv.split('\n')[1] ?? '')).toBe(false);
  });

  it('R112: an answer holds at most 50 errors', async () => {
    const csv = `username\n${Array.from({ length: 1_000 }, (_, index) => `a:${index}`).join('\n')}\n`;
    expect((await dryRun(csv)).body.errors).toHaveLength(50);
  });

  it('R97, R112: imports 1,000 users at once, and answers others meanwhile', async () => {
    const group = await server().createGroup(unique('all'));
    const prefix = unique('bulk');
    const names = Array.from({ length: 1_000 }, (_, index) => `${prefix}-${index}`);
    const csv = `username,email,groups\n${names.map((name) => `${name},${name}@example.com,${group}\n`).join('')}`;
    expect(await send(csv)).toMatchObject({ status: 200, body: { create: 1_000, change: 0, errors: [] } });
    expect(await user(`${prefix}-999`)).toMatchObject({ groups: [group] });
    let isDone = false;
    const changing = send(csv.replaceAll('@example.com', '@example.org')).finally(() => (isDone = true));
    let answered = 0;
    while (!isDone) {
      expect((await fetch(`${server().url}/health/live`)).status).toBe(200);
      answered += 1;
    }
    expect(await changing).toMatchObject({ body: { change: 1_000 } });
    expect(answered).toBeGreaterThan(5);
  });
});
