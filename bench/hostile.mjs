// npm run bench:hostile: an honest client measures a proxied GET during one attack after the other. See bench/README.md.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ATTACKS } from './lib/hostile/attacks.mjs';
import { startMariaDb } from './lib/mariadb.mjs';
import {
  answering,
  cleanUp,
  freePort,
  LOAD_CORE,
  memoryMegabytes,
  pinThisProcess,
  root,
  run,
  start,
} from './lib/processes.mjs';
import { startScopegate } from './lib/scopegate.mjs';
import { median } from './lib/statistics.mjs';

/** The p99 under attack may be this many times the median without one. */
const MUST = 5;
const REQUESTS_PER_SECOND = 50;
const SETTLE_MS = 2_000;

const seconds = Number(process.env.HOSTILE_SECONDS ?? 20);
const only = new Set((process.env.HOSTILE_ONLY ?? '').split(/[\s,]+/).filter(Boolean));
const attacks = ATTACKS.filter(({ name }) => only.size === 0 || only.has(name));

const programOf = (name) => join(root, 'bench/lib/hostile', `${name}.mjs`);

async function startUpstream() {
  const port = await freePort();
  const running = start(LOAD_CORE, process.execPath, [programOf('upstream'), String(port)]);
  await answering(port, running);
  return { ...running, url: `http://127.0.0.1:${port}` };
}

/** An application, and tokens for the honest client and the attacker. */
async function equip(scopegate, upstream) {
  const application = { key: 'app', kind: 'jira', version: '9.12.0', mount: { pathPrefix: '/app' } };
  await scopegate.must('POST', '/applications', { ...application, upstream: upstream.url });
  await scopegate.must('PATCH', '/settings', { reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
  const secretOf = async (owner, scope) => {
    const token = await scopegate.must('POST', '/tokens', { description: owner, scope, owner, validity: 'P1M' });
    return token.secret;
  };
  for (const username of ['honest', 'mallory']) await scopegate.must('POST', '/users', { username });
  return {
    honest: await secretOf('honest', 'read-only'),
    target: {
      url: scopegate.url,
      token: await secretOf('mallory', 'read-only'),
      writeToken: await secretOf('mallory', 'read-write'),
    },
  };
}

/** The answers to a proxied GET of the honest client. */
async function probe(scopegate, secret) {
  const asked = {
    url: `${scopegate.url}/app/rest/api/2/issue/PROJ-1`,
    headers: { authorization: `Bearer ${secret}`, 'x-forwarded-for': '192.0.2.1' },
    requestsPerSecond: REQUESTS_PER_SECOND,
    seconds,
  };
  return JSON.parse(
    await run(LOAD_CORE, process.execPath, [programOf('probe')], { input: JSON.stringify(asked), timeoutMs: 300_000 }),
  );
}

/** Another address than the attacker's, which is refused after many guesses. */
const ADMINISTRATOR_ADDRESS = { 'x-forwarded-for': '192.0.2.2' };

/** An administrator logs in with a password every two seconds. Each login must succeed. */
async function logIn(scopegate, until) {
  const durations = [];
  const outcomes = {};
  while (!until.aborted) {
    const startedAtTick = performance.now();
    const outcome = await scopegate.call('GET', '/me', undefined, ADMINISTRATOR_ADDRESS).then(
      ({ status }) => status,
      (error) => error.name,
    );
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    durations.push(performance.now() - startedAtTick);
    await wait(2_000);
  }
  return { outcomes, longestMs: Math.max(...durations) };
}

async function underAttack(scopegate, { honest, target }, { name }) {
  // The attack starts before the first measured answer, and ends a little after the last one.
  const asked = { name, target, seconds: seconds + 4 };
  const attack = run(LOAD_CORE, 'chrt', ['--idle', '0', process.execPath, programOf('attacker')], {
    input: JSON.stringify(asked),
    timeoutMs: 300_000,
  });
  const logins = new AbortController();
  const administrator = logIn(scopegate, logins.signal);
  const met = await probe(scopegate, honest);
  logins.abort();
  const said = { ...met, login: await administrator, attacker: JSON.parse(await attack) };
  await wait(SETTLE_MS);
  return { ...said, memoryMb: memoryMegabytes(scopegate.pids) };
}

const figure = (milliseconds) => milliseconds.toFixed(milliseconds < 10 ? 2 : 0);
const listed = (outcomes) =>
  Object.entries(outcomes)
    .map(([outcome, count]) => (/^\d+ open/.test(outcome) ? outcome : `${count} × ${outcome}`))
    .join(', ');
const isAllGood = (outcomes) => Object.keys(outcomes).every((outcome) => outcome === '200');

function report(quiet, quietMedianMs, rows) {
  const lines = [
    `Without attack, median of ${quiet.length} measurements: median ${figure(quietMedianMs)} ms, p99 ${figure(median(quiet.map((each) => each.p99Ms)))} ms. Each attack ran for ${seconds} s.`,
    '',
    '| attack | p99, ms | ÷ quiet median | must | longest, ms | honest GETs | password logins | what the attacker got | memory, MB |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ];
  for (const { title, p99Ms, maxMs, outcomes, login, attacker, memoryMb } of rows) {
    const ratio = p99Ms / quietMedianMs;
    lines.push(
      `| ${title} | ${figure(p99Ms)} | **${ratio.toFixed(1)}** | ${ratio <= MUST ? 'yes' : 'no'} | ${figure(maxMs)} | ${listed(outcomes)} | ${listed(login.outcomes)}, at most ${figure(login.longestMs)} ms | ${listed(attacker)} | ${memoryMb.toFixed(0)} |`,
    );
  }
  return `${lines.join('\n')}\n`;
}

async function main() {
  pinThisProcess();
  const upstream = await startUpstream();
  const database = await startMariaDb();
  const scopegate = await startScopegate(database, 'hostile');
  const equipped = await equip(scopegate, upstream);
  await probe(scopegate, equipped.honest);
  const quiet = [];
  const rows = [];
  for (const attack of attacks) {
    // Without an attack first, so that a slow machine slows both sides.
    quiet.push(await probe(scopegate, equipped.honest));
    process.stdout.write(`${attack.name} …\n`);
    rows.push({ ...attack, ...(await underAttack(scopegate, equipped, attack)) });
  }
  const quietMedianMs = median(quiet.map((each) => each.p50Ms));
  mkdirSync(join(root, 'artifacts'), { recursive: true });
  writeFileSync(join(root, 'artifacts/hostile.json'), `${JSON.stringify({ seconds, quiet, rows }, null, 2)}\n`);
  process.stdout.write(`\n${report(quiet, quietMedianMs, rows)}`);
  await scopegate.stop();
  const wrong = rows.filter(({ outcomes, login }) => !isAllGood(outcomes) || !isAllGood(login.outcomes));
  if (wrong.length > 0) {
    throw new Error(`Honest people were refused during: ${wrong.map(({ name }) => name).join(', ')}.`);
  }
}

let status = 0;
try {
  await main();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  status = 1;
} finally {
  await cleanUp();
}
process.exit(status);
