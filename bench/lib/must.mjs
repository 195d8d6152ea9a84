// What has to be reached, and what was measured of it.
import { medianRatio } from './statistics.mjs';

/** A figure that a smaller value is better of, as most are. */
const atMost = (title, must, goal, valueOf, unit = '') => ({
  title,
  must,
  goal,
  valueOf,
  unit,
  isMet: (value, limit) => value <= limit,
});
const atLeast = (title, must, goal, valueOf) => ({
  title,
  must,
  goal,
  valueOf,
  unit: '',
  isMet: (value, limit) => value >= limit,
});

/** The median of the ratios of one part's rounds, or nothing where one of the two was not measured. */
const ratioOf = (part, one, other, name) => (results) => {
  const ones = part(results)?.[one]?.rounds;
  const others = part(results)?.[other]?.rounds;
  return ones === undefined || others === undefined ? undefined : medianRatio(ones, others, name);
};
const candidates = ({ candidates: measured }) => measured;
const cpuOf = (one, other) => ratioOf(candidates, one, other, 'cpuMicroseconds');

/** Every figure that decides whether this is done, in the order it was asked for. */
const FIGURES = [
  atMost('CPU per proxied request, everything on ÷ bare undici proxy', 1.25, 1.05, cpuOf('basic', 'bare')),
  atMost('the same ÷ @fastify/http-proxy without authentication', 0.9, 0.75, cpuOf('basic', 'fastify-http-proxy')),
  atMost('the same ÷ express-gateway with key-auth', 0.2, 0.14, cpuOf('basic', 'express-gateway')),
  atLeast(
    'requests per second ÷ nginx `auth_request` to a Node service',
    0.75,
    1,
    ratioOf(candidates, 'basic', 'auth-request', 'requestsPerSecond'),
  ),
  atMost(
    'p99 at half load ÷ the bare proxy’s',
    1.5,
    1.1,
    ratioOf((results) => results['half-load'], 'basic', 'bare', 'p99Ms'),
  ),
  atMost('a refused request ÷ an allowed one, CPU', 0.5, 0.3, cpuOf('refused', 'basic')),
  atMost(
    'decision alone, Basic, cached',
    10,
    5,
    ({ decision }) => (decision === undefined ? undefined : decision['the whole decision, Basic'] / 1000),
    ' µs',
  ),
  atMost(
    '1,000,000 tokens ÷ 1,000 tokens, CPU per request',
    1.15,
    1.02,
    ratioOf(({ tokens }) => tokens?.workingSet, '1000000', '1000', 'cpuMicroseconds'),
  ),
  atMost(
    '10,000 allow-list entries ÷ 10',
    1.15,
    1.02,
    ratioOf((results) => results['allow-list'], '10,000', '10', 'cpuMicroseconds'),
  ),
  atMost(
    'audit on ÷ audit off, CPU per request',
    1.15,
    1.05,
    ratioOf(({ audit }) => audit, 'on', 'off', 'cpuMicroseconds'),
  ),
  atMost('memory after start', 250, 150, ({ start }) => start?.memoryMb, ' MB'),
  atMost('memory added by a 1 GB upload', 50, 20, ({ start }) => start?.up.addedMb, ' MB'),
];

/** The figures of several workers, which only a full run measures. */
const WORKER_FIGURES = [
  atMost('two workers ÷ one, CPU per request', 1.1, 1.1, ({ workers }) => workers?.ratio),
  atLeast('the smaller share of two workers', 0.4, 0.4, ({ workers }) => workers?.smallestShare),
];

/** The rows of the table: what was measured, what it must be, and whether it is. */
export function mustRows(results) {
  const figures = results.workers?.ratio === undefined ? FIGURES : [...FIGURES, ...WORKER_FIGURES];
  return figures.map(({ title, must, goal, valueOf, unit, isMet }) => {
    const value = valueOf(results);
    const verdict = value === undefined ? '' : isMet(value, goal) ? 'goal' : isMet(value, must) ? 'yes' : 'no';
    return { title, value, must, goal, unit, verdict };
  });
}
