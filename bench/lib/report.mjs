// The results as tables: the same text on the terminal and in the documentation.
import { titleOf } from './parts/candidates.mjs';
import { mustRows } from './must.mjs';
import { medianRatio } from './statistics.mjs';

function table(head, rows) {
  const widths = head.map((title, column) => Math.max(3, title.length, ...rows.map((row) => row[column].length)));
  const lineOf = (cells) => `| ${cells.map((cell, column) => cell.padEnd(widths[column])).join(' | ')} |`;
  return [lineOf(head), lineOf(widths.map((width) => '-'.repeat(width))), ...rows.map(lineOf)].join('\n');
}

const whole = (value) => Math.round(value).toLocaleString('en');
const ratio = (value) => (value === undefined ? '' : value.toFixed(2));
const figure = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

function mustTable(results) {
  return table(
    ['figure', 'measured', 'must', 'goal', 'met?'],
    mustRows(results).map(({ title, value, must, goal, unit, verdict }) => [
      title,
      value === undefined ? 'not measured' : `${figure(value)}${unit}`,
      `${must}${unit}`,
      `${goal}${unit}`,
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

/** Measurements that are compared to the first of them. */
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
  'half-load': (found) => [['Half load', halfLoadTable(found)]],
  decision: (found) => [['The decision alone', decisionTable(found)]],
  audit: (found) => [['Audit on and off', comparedTable('audit', { off: found.off, on: found.on })]],
  'allow-list': (found) => [['Entries of the allow list', comparedTable('entries', found)]],
  tokens: (found) => tokenSections(found),
  start: (found) => [['Start, memory and large bodies', startTable(found)]],
};

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
  const lines = [];
  if (underLoad !== undefined) {
    lines.push(
      `- ${underLoad.turns} times under load, a token was revoked, its owner taken out of his group, and the permission taken from the group: each was in force with the very next request, and what was given back as well.`,
    );
  }
  for (const { name, answered, recorded, runs } of audits) {
    lines.push(
      `- ${name}: ${whole(answered)} answers in ${whole(runs)} runs of a load generator, ${whole(recorded)} requests in the audit; none is missing.`,
    );
  }
  return lines.join('\n');
}

/** Everything that was measured, as Markdown. */
export function reportOf(results, { rounds, seconds, warmUpSeconds }) {
  const sections = Object.entries(SECTIONS)
    .filter(([name]) => results[name] !== undefined)
    .flatMap(([name, sectionsOf]) => sectionsOf(results[name]));
  return [
    `Medians of ${rounds} rounds by turns, ${seconds} s each after a warm-up of ${warmUpSeconds} s; a ratio is the median of the ratios of the rounds.`,
    '',
    '## What it must reach',
    '',
    mustTable(results),
    ...sections.flatMap(([title, text]) => ['', `## ${title}`, '', text]),
    ...(results.audits.length === 0 ? [] : ['', '## Checks', '', checksText(results)]),
    '',
  ].join('\n');
}
