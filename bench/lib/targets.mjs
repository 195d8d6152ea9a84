// The targets of the benchmark, and the measured values.
import { medianRatio } from './statistics.mjs';

const isAtMost = (value, limit) => value <= limit;
const isAtLeast = (value, limit) => value >= limit;

/** One measured value of a figure: a smaller one is better, unless `isWithin` says otherwise. */
const valueOf = (must, goal, read, { unit = '', isWithin = isAtMost } = {}) => ({ must, goal, read, unit, isWithin });

/** A figure: a row of the table, with one value or several. */
const figure = (title, ...values) => ({ title, values });

/** The median of the ratios of one part's rounds, or nothing if one of the two was not measured. */
const ratioOf = (part, one, other, name) => (results) => {
  const ones = part(results)?.[one]?.rounds;
  const others = part(results)?.[other]?.rounds;
  return ones === undefined || others === undefined ? undefined : medianRatio(ones, others, name);
};
const candidates = ({ candidates: measured }) => measured;
const decisionMicroseconds = ({ decision }) =>
  decision === undefined ? undefined : decision['the whole decision, Basic'] / 1000;
const halfLoadOf = (one, other) => ratioOf((results) => results['half-load'], one, other, 'p99Ms');
const embeddedOf = (name) => ratioOf(({ embedded }) => embedded, 'sqlite', 'bare', name);
const cpuOf = (one, other) => ratioOf(candidates, one, other, 'cpuMicroseconds');

/** Every figure with a limit, in the order of the requirements. */
const FIGURES = [
  figure('CPU per proxied request, everything on ÷ bare undici proxy', valueOf(1.25, 1.05, cpuOf('basic', 'bare'))),
  figure('the same for a POST with a small body', valueOf(1.25, 1.05, cpuOf('allowed-post', 'bare-post'))),
  figure(
    'the same on SQLite: the thread of the requests; the whole process, with the database in it',
    valueOf(1.5, 1.25, embeddedOf('threadMicroseconds')),
    valueOf(1.5, 1.25, embeddedOf('cpuMicroseconds')),
  ),
  figure('credential identity ÷ headers identity, CPU per request', valueOf(1.05, 1.02, cpuOf('credential', 'basic'))),
  figure(
    'CPU, everything on ÷ @fastify/http-proxy without authentication',
    valueOf(0.9, 0.75, cpuOf('basic', 'fastify-http-proxy')),
  ),
  figure('the same ÷ express-gateway with key-auth', valueOf(0.2, 0.14, cpuOf('basic', 'express-gateway'))),
  figure(
    'requests per second ÷ nginx `auth_request` to a Node service',
    valueOf(0.75, 1, ratioOf(candidates, 'basic', 'auth-request', 'requestsPerSecond'), { isWithin: isAtLeast }),
  ),
  figure('p99 at half load ÷ the bare proxy’s', valueOf(1.5, 1.1, halfLoadOf('basic', 'bare'))),
  figure(
    'a decision for a proxy ÷ a request through a bare undici proxy, CPU',
    valueOf(0.6, 0.4, cpuOf('request-form', 'bare')),
  ),
  figure(
    'nginx that asks Scopegate, with the two-second cache ÷ nginx with authentication in Lua: CPU; p99 at half load',
    valueOf(1.5, 1.1, cpuOf('nginx-cached', 'nginx-lua')),
    valueOf(1.5, 1.1, halfLoadOf('nginx-cached', 'nginx-lua')),
  ),
  figure(
    'a refused request ÷ an allowed one, CPU: a POST ÷ a GET; a POST ÷ a POST',
    valueOf(0.5, 0.3, cpuOf('refused', 'basic')),
    valueOf(0.5, 0.3, cpuOf('refused', 'allowed-post')),
  ),
  figure('decision alone, Basic, cached', valueOf(10, 5, decisionMicroseconds, { unit: ' µs' })),
  figure(
    '1,000,000 tokens ÷ 1,000 tokens, CPU per request',
    valueOf(
      1.15,
      1.02,
      ratioOf(({ tokens }) => tokens?.workingSet, '1000000', '1000', 'cpuMicroseconds'),
    ),
  ),
  figure(
    '10,000 allow-list entries ÷ 10',
    valueOf(
      1.15,
      1.02,
      ratioOf((results) => results['allow-list'], '10,000', '10', 'cpuMicroseconds'),
    ),
  ),
  figure(
    'audit on ÷ audit off, CPU per request',
    valueOf(
      1.15,
      1.05,
      ratioOf(({ audit }) => audit, 'on', 'off', 'cpuMicroseconds'),
    ),
  ),
  figure(
    'memory after start; added by a 1 GB upload',
    valueOf(250, 150, ({ start }) => start?.memoryMb, { unit: ' MB' }),
    valueOf(50, 20, ({ start }) => start?.up.addedMb, { unit: ' MB' }),
  ),
];

/** The figure of several workers. Only a full run measures it. */
const WORKERS = figure(
  'two workers ÷ one, CPU per request; the smaller share of the two',
  valueOf(1.1, 1.1, ({ workers }) => workers?.ratio),
  valueOf(0.4, 0.4, ({ workers }) => workers?.smallestShare, { isWithin: isAtLeast }),
);

function verdictOf(values) {
  if (values.some(({ value }) => value === undefined)) return '';
  const areWithin = (limit) => values.every((each) => each.isWithin(each.value, each[limit]));
  return areWithin('goal') ? 'goal' : areWithin('must') ? 'yes' : 'no';
}

/** The rows of the table: the measured value, the limit, and whether it is met. */
export function targetRows(results) {
  const figures = results.workers?.ratio === undefined ? FIGURES : [...FIGURES, WORKERS];
  return figures.map((each) => {
    const values = each.values.map((value) => ({ ...value, value: value.read(results) }));
    return { title: each.title, values, verdict: verdictOf(values) };
  });
}
