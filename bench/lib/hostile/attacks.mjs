// The requests of an attacker who wants to stop the gateway. Every attack is limited in connections, rate and time, and
// sends only to loopback.
import { randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32 } from 'node:zlib';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const MEGABYTE = 1024 ** 2;
const VENDOR_PATH = '/app/rest/de.resolution.apitokenauth/latest/user/token';
const JSON_TYPE = { 'content-type': 'application/json' };

const basic = (name, secret) => `Basic ${Buffer.from(`${name}:${secret}`).toString('base64')}`;

function digits(length) {
  return Array.from(randomBytes(length), (byte) => DIGITS[byte % 62]).join('');
}

/** An invented token or session with a right checksum: the gateway must look it up to refuse it. */
function madeUp(prefix) {
  const text = `${prefix}${digits(12)}_${digits(40)}`;
  let sum = crc32(text);
  let checksum = '';
  for (let index = 0; index < 6; index += 1) {
    checksum = DIGITS[sum % 62] + checksum;
    sum = Math.floor(sum / 62);
  }
  return `${text}_${checksum}`;
}

let addresses = 0;

/** A new client address each time, in the line of a trusted proxy. */
function nextAddress() {
  addresses += 1;
  return `10.${(addresses >> 16) & 255}.${(addresses >> 8) & 255}.${addresses & 255}`;
}

function unknownProperties(count) {
  const members = Array.from({ length: count }, (_, index) => `"p${index}":0`);
  return `{"description":"x","scope":"read-only",${members.join(',')}}`;
}

/** Sends one request on a keep-alive connection. @returns the status or the error's code */
function send(target, agent, { method = 'GET', path, headers = {}, body }) {
  return new Promise((resolve) => {
    const { hostname, port } = new URL(target.url);
    const sent = request({ hostname, port, agent, method, path, headers, timeout: 20_000 }, (response) => {
      response.resume();
      response.once('end', () => resolve(response.statusCode));
      response.once('error', (error) => resolve(error.code));
    });
    sent.once('timeout', () => sent.destroy(Object.assign(new Error('no answer'), { code: 'NO_ANSWER' })));
    sent.once('error', (error) => resolve(error.code));
    sent.end(body);
  });
}

/**
 * Sends requests on several connections at once. Each sends its next request after the answer to the last one.
 * @param requestOf creates each request
 */
const flood =
  (requestOf, { connections = 16, requestsPerSecond = 200 } = {}) =>
  async (target, { endsAtTick, count }) => {
    const agent = new Agent({ keepAlive: true, maxSockets: connections });
    const intervalMs = (1000 * connections) / requestsPerSecond;
    const one = async () => {
      await wait(Math.random() * intervalMs);
      for (let dueAtTick = performance.now(); performance.now() < endsAtTick; dueAtTick += intervalMs) {
        count(await send(target, agent, requestOf(target)));
        const earlyMs = dueAtTick + intervalMs - performance.now();
        if (earlyMs > 0) await wait(earlyMs);
      }
    };
    await Promise.all(Array.from({ length: connections }, one));
    agent.destroy();
  };

/**
 * Opens connections that send the beginning of a request and then a little more from time to time. Replaces ended ones.
 * @param headOf creates the beginning for each connection
 */
const hold =
  (headOf, { connections = 600, trickle = '', trickleMs = 1_000 } = {}) =>
  async (target, { endsAtTick, count }) => {
    const { hostname, port } = new URL(target.url);
    const sockets = new Set();
    const openOne = () => {
      const socket = connect(Number(port), hostname);
      sockets.add(socket);
      let answer = '';
      socket.on('data', (data) => (answer = (answer + data.toString('latin1')).slice(0, 200)));
      socket.on('error', () => {});
      socket.once('close', () => {
        sockets.delete(socket);
        count(/^HTTP\/1\.1 (\d+)/.exec(answer)?.[1] ?? 'closed');
        if (performance.now() < endsAtTick) setTimeout(openOne, 200);
      });
      socket.write(headOf(target));
    };
    for (let index = 0; index < connections; index += 1) {
      openOne();
      if (index % 50 === 49) await wait(20);
    }
    while (performance.now() < endsAtTick) {
      await wait(trickleMs);
      if (trickle !== '') for (const socket of sockets) if (socket.writable) socket.write(trickle);
    }
    count(`${sockets.size} open at the end`);
    for (const socket of sockets) socket.destroy();
  };

const head = (method, path, lines) => `${method} ${path} HTTP/1.1\r\nHost: gateway\r\n${lines.join('\r\n')}\r\n\r\n`;

const LARGE = Buffer.from(`{"description":"${'x'.repeat(2 * MEGABYTE - 40)}"}`);
const PROPERTIES = unknownProperties(180_000);
const PROPERTIES_WITHIN = unknownProperties(5_000);
const ENTRIES = JSON.stringify({ ipRestriction: { allowList: Array.from({ length: 150_000 }, () => 'nonsense') } });
const FORM = `${'a=b&'.repeat(16_000)}access_token=${madeUp('sg_')}`;
const NESTED = `${'{"a":['.repeat(10_000)}${']}'.repeat(10_000)}`;

/** Every attack: its name, a description, and a function that runs it. */
export const ATTACKS = [
  {
    name: 'anonymous-bodies',
    title: '2 MiB of JSON without a credential, management API',
    run: flood(() => ({ method: 'POST', path: '/api/v1/tokens', headers: JSON_TYPE, body: LARGE })),
  },
  {
    name: 'anonymous-vendor-bodies',
    title: '2 MiB of JSON without a credential, the vendor’s path',
    run: flood(() => ({ method: 'POST', path: VENDOR_PATH, headers: JSON_TYPE, body: LARGE })),
  },
  {
    name: 'unknown-properties',
    title: '180,000 unknown properties from a read-only token',
    run: flood(({ token }) => ({
      method: 'POST',
      path: '/api/v1/tokens',
      headers: { ...JSON_TYPE, authorization: `Bearer ${token}` },
      body: PROPERTIES,
    })),
  },
  {
    name: 'properties-within-the-limit',
    title: '5,000 unknown properties from a read-only token',
    run: flood(
      ({ token }) => ({
        method: 'POST',
        path: '/api/v1/tokens',
        headers: { ...JSON_TYPE, authorization: `Bearer ${token}` },
        body: PROPERTIES_WITHIN,
      }),
      { requestsPerSecond: 50 },
    ),
  },
  {
    name: 'nested-json',
    title: 'JSON nested 20,000 deep from a read-only token',
    run: flood(({ token }) => ({
      method: 'POST',
      path: '/api/v1/tokens',
      headers: { ...JSON_TYPE, authorization: `Bearer ${token}` },
      body: NESTED,
    })),
  },
  {
    name: 'large-settings',
    title: '150,000 wrong allow-list entries from a user who may not change settings',
    run: flood(({ token }) => ({
      method: 'PATCH',
      path: '/api/v1/settings',
      headers: { ...JSON_TYPE, authorization: `Bearer ${token}` },
      body: ENTRIES,
    })),
  },
  {
    name: 'unfinished-bodies',
    title: '600 unfinished bodies without a credential',
    run: hold(() => head('POST', '/app/rest/items', ['Content-Length: 1000', 'Content-Type: text/plain']) + 'begun'),
  },
  {
    name: 'slow-bodies',
    title: '600 bodies of one byte a second with a read-write token',
    run: hold(
      ({ writeToken }) =>
        head('POST', '/app/rest/items', [
          'Content-Length: 1000',
          'Content-Type: text/plain',
          `Authorization: Bearer ${writeToken}`,
        ]),
      { trickle: 'x' },
    ),
  },
  {
    name: 'event-streams',
    title: '600 event streams of one read-only token',
    run: hold(({ token }) => head('GET', '/app/rest/stream', [`Authorization: Bearer ${token}`])),
  },
  {
    name: 'slow-heads',
    title: '1,000 connections whose head does not end',
    run: hold(() => 'GET /app/rest/items HTTP/1.1\r\nHost: gateway\r\n', { connections: 1_000, trickle: 'X-A: b\r\n' }),
  },
  {
    name: 'wrong-passwords',
    title: 'a wrong password for the administrator from a new address each time',
    run: flood(
      () => ({
        path: '/api/v1/me',
        headers: { authorization: basic('admin', digits(12)), 'x-forwarded-for': nextAddress() },
      }),
      { connections: 120, requestsPerSecond: 400 },
    ),
  },
  {
    name: 'unknown-names',
    title: 'a password for a new unknown name each time',
    run: flood(
      () => ({
        path: '/api/v1/me',
        headers: { authorization: basic(digits(8), 'a password'), 'x-forwarded-for': nextAddress() },
      }),
      { connections: 120, requestsPerSecond: 400 },
    ),
  },
  {
    name: 'made-up-tokens',
    title: 'a new made-up token with a right checksum each time',
    run: flood(() => ({ path: '/app/rest/items', headers: { authorization: `Bearer ${madeUp('sg_')}` } })),
  },
  {
    name: 'made-up-sessions',
    title: 'a new made-up session cookie with a right checksum each time',
    run: flood(() => ({ path: '/app/rest/items', headers: { cookie: `JSESSIONID=${madeUp('sgs_')}` } })),
  },
  {
    name: 'misplaced-tokens',
    title: 'forms of 64 KiB with a token at their end',
    run: flood(() => ({
      method: 'POST',
      path: '/app/rest/items',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: FORM,
    })),
  },
  {
    name: 'header-lines',
    title: '1,000 header lines',
    run: flood(() => ({
      path: '/app/rest/items',
      headers: Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`a${index}`, 'b'])),
    })),
  },
  {
    name: 'long-lists',
    title: 'X-Forwarded-For of 15 KB and a query of 10 KB',
    run: flood(({ token }) => ({
      path: `/app/rest/items?${'%5fmethod=GET&'.repeat(700)}`,
      headers: { authorization: `Bearer ${token}`, 'x-forwarded-for': '127.0.0.1,'.repeat(400) },
    })),
  },
  {
    name: 'refused-writes',
    title: 'writes of a read-only token, 400 a second',
    run: flood(
      ({ token }) => ({
        method: 'POST',
        path: '/app/rest/items',
        headers: { authorization: `Bearer ${token}` },
        body: 'x',
      }),
      { requestsPerSecond: 400 },
    ),
  },
  {
    name: 'searches',
    title: 'searches of lists by a user',
    run: flood(
      ({ token }) => ({
        path: `/api/v1/tokens?q=${encodeURIComponent('%_\\'.repeat(20))}&limit=200`,
        headers: { authorization: `Bearer ${token}` },
      }),
      { requestsPerSecond: 50 },
    ),
  },
  {
    name: 'loop',
    title: 'requests that the application sends back to the gateway',
    run: flood(() => ({ path: '/app/rest/loop' })),
  },
];
