// The results as tables, for the terminal and the documentation.
import { titleOf } from './parts/candidates.mjs';
import { targetRows } from './targets.mjs';
import { medianRatio } from './statistics.mjs';

/** The formatter of the repository does not pad wider tables. */
const MAX_WIDTH = 120;

function table(head, rows) {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column].length)));
  const isWide = widths.reduce((sum, width) => sum + width + 3, 1) > MAX_WIDTH;
  const padded = (cell, column) => (isWide ? cell : cell.padEnd(widths[column]));
  const lineOf = (cells) => `| ${cells.map(padded).join(' | ')} |`;
  const rule = widths.map((width) => '-'.repeat(isWide ? 3 : width));
  return [lineOf(head), lineOf(rule), ...rows.map(lineOf)].join('\n');
}

const whole = (value) => Math.round(value).toLocaleString('en');
const ratio = (value) => (value === undefined ? '' : value.toFixed(2));
const figure = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

const joined = (values, textOf) => values.map((value) => textOf(value) + value.unit).join('; ');

function targetTable(results) {
  return table(
    ['figure', 'measured', 'must', 'goal', 'met?'],
    targetRows(results).map(({ title, values, verdict }) => [
      title,
      verdict === '' ? 'not measured' : joined(values, ({ value }) => figure(value)),
      joined(values, ({ must }) => String(must)),
      joined(values, ({ goal }) => String(goal)),
      verdict,
    ]),
  );
}

function candidateTable(measured) {
  return table(
    ['candidate', 'CPU µs a request', '÷ bare', 'requests a second', 'p50 ms', 'p99 ms', 'peak MB'],
    Object.entries(measured).map(([name, result]) => [
      titleOf(name),
      result.cpuMicroseconds.toFixed(1),
      measured.bare === undefined ? '' : ratio(medianRatio(result.rounds, measured.bare.rounds, 'cpuMicroseconds')),
      whole(result.requestsPerSecond),
      result.p50Ms.toFixed(1),
      result.p99Ms.toFixed(1),
      whole(result.peakMemoryMb),
    ]),
  );
}

/** Measurements, compared with the first of them. */
function comparedTable(title, measured, nameOf = (name) => name) {
  const [[, first]] = Object.entries(measured);
  return table(
    [title, 'CPU µs a request', '÷ the first', 'requests a second', 'p50 ms', 'p99 ms'],
    Object.entries(measured).map(([name, result]) => [
      nameOf(name),
      result.cpuMicroseconds.toFixed(1),
      ratio(medianRatio(result.rounds, first.rounds, 'cpuMicroseconds')),
      whole(result.requestsPerSecond),
      result.p50Ms.toFixed(1),
      result.p99Ms.toFixed(1),
    ]),
  );
}

/** On SQLite: the CPU time of the request thread, and that of the whole process. */
function embeddedTable({ bare, sqlite }) {
  const ratioFor = (name) => ratio(medianRatio(sqlite.rounds, bare.rounds, name));
  return table(
    ['CPU µs a request', 'bare undici proxy', 'Scopegate on SQLite', '÷ bare'],
    [
      ['the thread of the requests', 'threadMicroseconds'],
      ['the whole process', 'cpuMicroseconds'],
    ].map(([title, name]) => [title, bare[name].toFixed(1), sqlite[name].toFixed(1), ratioFor(name)]),
  );
}

const counted = (name) => Number(name.replace(',', '')).toLocaleString('en');

function halfLoadTable({ requestsPerSecond, ...measured }) {
  return table(
    [`at ${whole(requestsPerSecond)} requests a second`, 'p50 ms', 'p99 ms'],
    Object.entries(measured).map(([name, result]) => [titleOf(name), result.p50Ms.toFixed(2), result.p99Ms.toFixed(2)]),
  );
}

function startTable({ startUpMs, firstStartUpMs, memoryMb, up, down }) {
  return table(
    ['figure', 'measured'],
    [
      ['the first start, which makes the tables', `${whole(firstStartUpMs)} ms`],
      ['a later start', `${whole(startUpMs)} ms`],
      ['memory after it', `${whole(memoryMb)} MB`],
      ['memory added by 1 GB up', `${whole(up.addedMb)} MB in ${up.seconds.toFixed(1)} s`],
      ['memory added by 1 GB down', `${whole(down.addedMb)} MB in ${down.seconds.toFixed(1)} s`],
    ],
  );
}

function decisionTable(decision) {
  return table(
    ['stage', 'ns'],
    Object.entries(decision).map(([name, value]) => [name, whole(value)]),
  );
}

/** A part's sections: the titles and the tables below them. */
const SECTIONS = {
  candidates: (found) => [['Candidates at saturation', candidateTable(found)]],
  embedded: (found) => [['On SQLite', embeddedTable(found)]],
  'half-load': (found) => [['Half load', halfLoadTable(found)]],
  decision: (found) => [['The decision alone', decisionTable(found)]],
  audit: (found) => [['Audit on and off', comparedTable('audit', { off: found.off, on: found.on })]],
  'allow-list': (found) => [['Entries of the allow list', comparedTable('entries', found)]],
  tokens: (found) => tokenSections(found),
  saturation: (found) => [['Journal and database at saturation', saturationTable(found)]],
  applications: (found) => [['Applications', comparedTable('applications', found, counted)]],
  'audit-page': (found) => [['A page of 50 audit events', pageTable(found)]],
  workers: (found) => [['Workers', workersText(found)]],
  start: (found) => [['Start, memory and large bodies', startTable(found)]],
};

function saturationTable({ seconds, requestsPerSecond, backlogBytes, lagSeconds, drainMs }) {
  return table(
    [`${seconds} s at saturation`, 'measured'],
    [
      ['requests a second', whole(requestsPerSecond)],
      ['most that waited in the journal', `${(backlogBytes / 1e6).toFixed(1)} MB`],
      ['age of the oldest event that waited', `${lagSeconds.toFixed(1)} s`],
      ['until everything was stored, after the end', `${(drainMs / 1000).toFixed(1)} s`],
    ],
  );
}

function pageTable(found) {
  const columns = Object.values(found);
  return table(
    ['the newest page of', ...Object.keys(found).map((name) => `${name}: p50 ms, longest`)],
    Object.keys(columns[0]).map((title) => [
      title,
      ...columns.map((pages) => `${pages[title].p50Ms.toFixed(1)}, ${pages[title].longestMs.toFixed(1)}`),
    ]),
  );
}

function workersText({ skipped, rounds, shares }) {
  if (skipped !== undefined) return `Not measured: two workers do not start (${skipped})`;
  const each = shares.map((share) => `${(share * 100).toFixed(1)} %`).join(' and ');
  return `${comparedTable('workers', rounds)}\n\nShares of the two workers in the requests: ${each}.`;
}

function tokenSections({ workingSet, all, cold }) {
  const sections = [['Stored tokens, the same 1,000 in use', comparedTable('tokens', workingSet, counted)]];
  if (all !== undefined) sections.push(['Stored tokens, all of them in use', comparedTable('tokens', all, counted)]);
  if (cold !== undefined) {
    const facts = [
      ['requests', whole(cold.requests)],
      ['of them not in memory', whole(cold.misses)],
      ['CPU µs a request', cold.cpuMicroseconds.toFixed(1)],
      ['requests a second', whole(cold.requestsPerSecond)],
      ['p50 ms', cold.p50Ms.toFixed(1)],
      ['p99 ms', cold.p99Ms.toFixed(1)],
    ];
    sections.push(['The first request of every token', table(['figure', 'measured'], facts)]);
  }
  return sections;
}

function checksText({ underLoad, audits }) {
  const lines = audits.map(
    ({ name, answered, recorded, runs }) =>
      `- ${name}: ${whole(answered)} answers counted in ${whole(runs)} runs of a load generator, ${whole(recorded)} requests in the audit; none is missing.`,
  );
  if (underLoad !== undefined) {
    lines.unshift(
      `- ${underLoad.turns} times under load, a token was revoked, its owner taken out of his group, and the permission taken from the group: each acted on the very next request, and so did giving it back.`,
    );
  }
  return lines.join('\n');
}

/** All measurements and the results of the audit checks, as Markdown. */
export function reportOf(results, { rounds, seconds, warmUpSeconds }, { processor, cores, node }) {
  const sections = Object.entries(SECTIONS)
    .filter(([name]) => results[name] !== undefined)
    .flatMap(([name, sectionsOf]) => sectionsOf(results[name]));
  return [
    `${processor}, ${cores} cores, Node ${node}. Medians of ${rounds} rounds by turns, ${seconds} s each after a warm-up of ${warmUpSeconds} s; a ratio is the median of the ratios of the rounds.`,
    '',
    '## What it must reach',
    '',
    targetTable(results),
    ...sections.flatMap(([title, text]) => ['', `## ${title}`, '', text]),
    ...(results.audits.length === 0 ? [] : ['', '## Checks', '', checksText(results)]),
    '',
  ].join('\n');
}
