// A large directory (R82): the cost of a start, a change, a list and the revocation of many tokens. `npm run bench:large`
import { createServer } from 'node:http';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { HEAVY_OWNER, LARGE_GROUP, seedMariaDb, seedSqlite } from './lib/directory-seed.mjs';
import { startMariaDb } from './lib/mariadb.mjs';
import { BOTH_CORES, cleanUp, cpuMicroseconds, folder, memoryMegabytes } from './lib/processes.mjs';
import { startScopegate } from './lib/scopegate.mjs';

const SIZE = {
  users: Number(process.env.LARGE_USERS ?? 200_000),
  groups: Number(process.env.LARGE_GROUPS ?? 5_000),
  tokens: Number(process.env.LARGE_TOKENS ?? 1_000_000),
  heavy: Number(process.env.LARGE_HEAVY ?? 50_000),
};

const LISTS = {
  users: '/users?limit=200',
  'users, last page': '/users?limit=200&cursor=' + Buffer.from('["user199900"]').toString('base64url'),
  'users, a rare text': '/users?q=user199999%40example',
  'users, no such text': '/users?q=nobody-has-this',
  'users of a large group': `/users?group=${LARGE_GROUP}`,
  'users of a small group': '/users?group=group-4000',
  'users, inactive': '/users?active=false',
  groups: '/groups?limit=200',
  tokens: '/tokens?limit=200',
  'tokens of an owner': `/tokens?owner=${HEAVY_OWNER}&limit=200`,
  'tokens beyond the policy': '/tokens?exceedsPolicy=true',
  permissions: '/permissions',
};

const options = { cores: BOTH_CORES, nodeArguments: ['--max-old-space-size=512'] };

function line(name, text) {
  process.stdout.write(`  ${name.padEnd(34)} ${text}\n`);
}

async function timed(work) {
  const startedAtMs = performance.now();
  const answer = await work();
  return { ms: performance.now() - startedAtMs, answer };
}

async function listTimes(node) {
  for (const [name, path] of Object.entries(LISTS)) {
    const times = [];
    for (let round = 0; round < 3; round += 1) times.push((await timed(() => node.must('GET', path))).ms);
    line(name, `${times.map((ms) => ms.toFixed(0)).join(', ')} ms`);
  }
}

async function costOfChanges(nodes) {
  await nodes[0].must('PATCH', '/users/user000007', { displayName: 'before' });
  await wait(2_000);
  const idle = await cpuOf(nodes, () => wait(2_000));
  const busy = await cpuOf(nodes, async () => {
    for (let index = 0; index < 20; index += 1) {
      await nodes[0].must('PATCH', '/users/user000007', { displayName: `number ${index}` });
    }
    await wait(2_000);
  });
  const each = busy.map((ms, index) => `${((ms - idle[index]) / 20).toFixed(1)} ms`);
  line('CPU of one change, on each node', each.join(', '));
  for (let index = 0; index < 80; index += 1) {
    await nodes[0].must('PATCH', `/users/user0001${String(index).padStart(2, '0')}`, {
      displayName: `Number ${index}`,
    });
  }
  line('memory after 100 changes', nodes.map((node) => `${memoryMegabytes(node.pids).toFixed(0)} MB`).join(', '));
}

async function cpuOf(nodes, work) {
  const before = nodes.map((node) => cpuMicroseconds(node.pids));
  await work();
  return nodes.map((node, index) => (cpuMicroseconds(node.pids) - before[index]) / 1_000);
}

/** Revokes many tokens during requests and other changes. @returns the longest time of each */
async function endTokens(node, name, end) {
  const upstream = createServer((_request, response) => response.end('ok')).listen(0, '127.0.0.1');
  await new Promise((resolve) => upstream.once('listening', resolve));
  const key = `large-${upstream.address().port}`;
  const address = `http://127.0.0.1:${upstream.address().port}`;
  await node.must('POST', '/applications', {
    key,
    kind: 'generic',
    mount: { pathPrefix: `/${key}` },
    upstream: address,
  });
  const token = await node.must('POST', '/tokens', { description: 'goes on', scope: 'read-only', owner: 'user000002' });
  const headers = { authorization: `Bearer ${token.secret}` };
  let isOver = false;
  const longest = async (work) => {
    let most = 0;
    const outcomes = {};
    while (!isOver) {
      // A missing answer is a result, too.
      const { ms, answer } = await timed(() => work().catch((error) => String(error.cause ?? error)));
      most = Math.max(most, ms);
      outcomes[answer] = (outcomes[answer] ?? 0) + 1;
    }
    return `${JSON.stringify(outcomes)}, the longest ${most.toFixed(0)} ms`;
  };
  const proxied = longest(async () => {
    const answer = await fetch(`${node.url}/${key}/`, { headers });
    await answer.arrayBuffer();
    await wait(5);
    return answer.status;
  });
  const changes = longest(async () => {
    const { status } = await node.call('PATCH', '/users/user000009', { displayName: `at ${performance.now()}` });
    return status;
  });
  const { ms, answer } = await timed(end);
  isOver = true;
  line(name, `${(ms / 1_000).toFixed(1)} s ${answer === null ? '' : JSON.stringify(answer)}`);
  line('  requests meanwhile', await proxied);
  line('  other changes meanwhile', await changes);
  upstream.close();
}

async function measure(title, database, name, seed) {
  process.stdout.write(`\n${title}\n`);
  const first = await startScopegate(database, name, options);
  await first.stop();
  line('seeded', `${((await timed(seed)).ms / 1_000).toFixed(0)} s`);
  const nodes = [await startScopegate(database, name, options)];
  line('start', `${(nodes[0].afterStart.startUpMs / 1_000).toFixed(1)} s`);
  line('memory after the start', `${nodes[0].afterStart.memoryMb.toFixed(0)} MB`);
  if (title === 'MariaDB') {
    const environment = { SCOPEGATE_DATA_DIR: join(folder, 'data-second') };
    nodes.push(await startScopegate(database, name, { ...options, environment }));
  }
  await nodes[0].must('PATCH', '/settings', { throttling: { maxFailures: 0 } });
  await costOfChanges(nodes);
  await listTimes(nodes[0]);
  await endTokens(nodes[0], 'tokens of an owner ended', () =>
    nodes[0].must('POST', '/tokens/revoke', { owner: HEAVY_OWNER }),
  );
  await endTokens(nodes[0], 'a large group deleted', () => nodes[0].must('DELETE', `/groups/${LARGE_GROUP}`));
  line('memory at the end', nodes.map((node) => `${memoryMegabytes(node.pids).toFixed(0)} MB`).join(', '));
  for (const node of nodes) await node.stop();
}

try {
  const only = process.argv[2];
  if (only !== 'sqlite') {
    const mariaDb = await startMariaDb({ givesWay: false });
    await measure('MariaDB', mariaDb, 'large', () => seedMariaDb(mariaDb, 'large', SIZE));
  }
  if (only !== 'mariadb') {
    const file = join(folder, 'large.sqlite');
    const database = { urlOf: () => Promise.resolve(`sqlite:${file}`) };
    await measure('SQLite', database, 'large-sqlite', () => Promise.resolve(seedSqlite(file, SIZE)));
  }
} finally {
  await cleanUp();
}
