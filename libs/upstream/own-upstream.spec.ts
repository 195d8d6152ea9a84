import { expect, it } from 'vitest';
import { isOwnUpstream } from './own-upstream.js';
import { parseUpstream } from './target.js';

const MACHINE = new Set(['10.1.2.3', '2001:db8::3', 'gate.example']);

function isOwn(upstream: string, host: string): boolean {
  const parsing = parseUpstream(upstream);
  if (!parsing.ok) throw new Error(`${upstream} ${parsing.message}`);
  return isOwnUpstream(parsing.target, [{ host, port: 3000 }], MACHINE);
}

it.each([
  'http://127.0.0.1:3000',
  'https://127.0.0.1:3000/jira',
  'http://localhost:3000',
  'http://LOCALHOST.:3000',
  'http://a.localhost:3000',
  'http://127.1:3000',
  'http://127.9.9.9:3000',
  'http://2130706433:3000',
  'http://0x7f.0.0.1:3000',
  'http://0177.0.0.1:3000',
  'http://0.0.0.0:3000',
  'http://[::1]:3000',
  'http://[0:0:0:0:0:0:0:1]:3000',
  'http://[::]:3000',
  'http://[::ffff:127.0.0.1]:3000',
])('R112: %s is the server itself', (upstream) => {
  for (const host of ['127.0.0.1', 'localhost', '0.0.0.0', '::']) expect(isOwn(upstream, host), host).toBe(true);
});

it.each([
  ['http://127.0.0.1:3001', '127.0.0.1', false],
  ['http://127.0.0.1', '127.0.0.1', false],
  ['http://10.1.2.3:3000', '127.0.0.1', false],
  ['http://10.1.2.3:3000', '0.0.0.0', true],
  ['http://[2001:db8:0::3]:3000', '::', true],
  ['http://Gate.Example:3000', '::', true],
  ['http://10.1.2.3:3000', '10.1.2.3', true],
  ['http://127.0.0.1:3000', '10.1.2.3', false],
  ['http://other.example:3000', '0.0.0.0', false],
])('R112: %s is the server itself that listens at %s: %s', (upstream, host, expected) => {
  expect(isOwn(upstream, host)).toBe(expected);
});
