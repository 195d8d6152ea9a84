export interface CsvRecord {
  /** Where it begins, from 1. A quoted cell can hold line breaks. */
  readonly line: number;
  readonly cells: readonly string[];
}

export type CsvReading =
  | { readonly ok: true; readonly records: readonly CsvRecord[] }
  | { readonly ok: false; readonly line: number; readonly message: string };

/**
 * Reads RFC 4180, with line ends of every system. Empty lines and a byte order mark are left out. What two readers could
 * take for different cells is refused, such as a quote inside a cell that is not quoted.
 */
export function readCsv(text: string): CsvReading {
  const reader = new CsvReader(text.startsWith('\ufeff') ? text.slice(1) : text);
  const records: CsvRecord[] = [];
  while (!reader.isAtEnd) {
    const { line } = reader;
    const cells = reader.record();
    if (cells === null) return { ok: false, line: reader.line, message: reader.problem };
    if (cells.length > 1 || cells[0] !== '') records.push({ line, cells });
  }
  return { ok: true, records };
}

const STRAY_QUOTE = 'A quote must stand around the whole cell, and twice inside it.';

const PLAIN_CELL = /[^",\r\n]*/y;
const QUOTED_CELL = /"[^"]*(?:""[^"]*)*"/y;
const LINE_END = /\r\n|\n|\r/y;

class CsvReader {
  line = 1;
  problem = '';
  #at = 0;

  constructor(private readonly text: string) {}

  get isAtEnd(): boolean {
    return this.#at >= this.text.length;
  }

  record(): string[] | null {
    const cells: string[] = [];
    for (;;) {
      const cell = this.text[this.#at] === '"' ? this.#quoted() : this.#take(PLAIN_CELL);
      if (cell === null) return this.#fail('The quoted cell has no end.');
      cells.push(cell);
      if (this.isAtEnd || this.#take(LINE_END) !== null) {
        this.line += 1;
        return cells;
      }
      if (this.text[this.#at] !== ',') return this.#fail(STRAY_QUOTE);
      this.#at += 1;
    }
  }

  #quoted(): string | null {
    const cell = this.#take(QUOTED_CELL);
    if (cell === null) return null;
    this.line += cell.match(/\r\n|\n|\r/g)?.length ?? 0;
    return cell.slice(1, -1).replaceAll('""', '"');
  }

  #take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0];
    if (found === undefined) return null;
    this.#at = pattern.lastIndex;
    return found;
  }

  #fail(problem: string): null {
    this.problem = problem;
    return null;
  }
}
