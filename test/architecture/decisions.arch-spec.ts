import { describe, expect, it } from 'vitest';
import { readSource, sourceFiles } from './source-tree.js';

/** The number of a decision and its title, then its status with the date. Prettier writes `_`, an author may write `*`. */
const HEAD = /^# (?:\d+\. )?(.+)\n\n[*_](Accepted|Superseded)(?: by \[(\d{4})\]\([^)]+\))?, (\d{4}-\d{2}-\d{2})\./;

const DECISIONS = sourceFiles('docs/adr', (path) => /\/\d{4}-[a-z0-9-]+\.md$/.test(path)).toSorted((one, other) =>
  one.path.localeCompare(other.path),
);

describe('docs/adr', () => {
  it('lists every decision in its index, with the title, status and date of the file', () => {
    expect(DECISIONS.length).toBeGreaterThan(40);
    const rows = DECISIONS.map(({ path, text }) => {
      const [, title, status, successor, date] = HEAD.exec(text) ?? [];
      const file = path.split('/').at(-1) ?? '';
      const shown = [status?.toLowerCase(), ...(successor === undefined ? [] : ['by', successor])].join(' ');
      return `| [${file.slice(0, 4)}](${file}) | ${title} | ${shown} | ${date} |`;
    });
    expect(readSource('docs/adr/README.md').match(/^\| \[\d{4}\].*$/gm)).toEqual(rows);
  });
});
