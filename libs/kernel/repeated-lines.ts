import type { HeaderLines } from './header-lines.js';

/** A question that only the lines decide. It answers with no `undefined`. */
export type LinesQuestion<Answer> = (lines: HeaderLines) => Answer;

const MEMORY = Symbol('memory');

interface WithMemory {
  [MEMORY]?: Map<unknown, unknown>;
}

/**
 * A client sends the same header lines with every request of its connection, as a rule. Where the lines of a request are
 * those of the one before, character for character, the ones before stand for them, and from then on they remember what
 * has been asked about them: whatever the lines alone decide is decided once a connection.
 * @param before the lines of the request before on the same connection; undefined where there was none
 * @returns the lines to go on with
 */
export function repeatedLines(before: HeaderLines | undefined, lines: HeaderLines): HeaderLines {
  if (before === undefined || before.length !== lines.length) return lines;
  for (let index = 0; index < lines.length; index += 1) if (before[index] !== lines[index]) return lines;
  (before as WithMemory)[MEMORY] ??= new Map();
  return before;
}

/** What a question says of lines; asked once where they are repeated. The question has to be the same function. */
export function ask<Answer>(lines: HeaderLines, question: LinesQuestion<Answer>): Answer {
  const memory = memoryOf(lines);
  if (memory === null) return question(lines);
  const known = memory.get(question);
  if (known !== undefined) return known as Answer;
  const answer = question(lines);
  memory.set(question, answer);
  return answer;
}

/** What has been noted with lines that are repeated; null where they are not. */
export function memoryOf(lines: HeaderLines): Map<unknown, unknown> | null {
  return (lines as WithMemory)[MEMORY] ?? null;
}
