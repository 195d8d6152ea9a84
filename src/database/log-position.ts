import type { ChangeEntity } from './change.entity.js';

export type LogLine = Pick<ChangeEntity, 'id' | 'topic' | 'subject' | 'atMs' | 'changeSet'>;

export interface IdRange {
  readonly from: number;
  readonly to: number;
}

interface Gap extends IdRange {
  readonly sinceTick: number;
}

/** This many of the newest lines are read again: they show whether the database is still the same. */
const REMEMBERED = 16;

/** A transaction that has not stored its lines this long after later lines never will. */
const GAP_LASTS_MS = 15 * 60_000;

/** A server that numbers in steps leaves a gap with every line, so their number is limited. */
const MAX_GAPS = 1_000;

/**
 * How far a node has read the change log. A line gets its id before its transaction is stored, so it can appear below a
 * line that was already read: the gaps between the ids are kept, and read again.
 *
 * A database that lost its newest changes (a restore, a failover) uses the same ids again. Each transaction writes a
 * random id into its lines, so the lines that were read last show whether they are still the same (R80).
 */
export class LogPosition {
  #newest = 0;
  #remembered = new Map<number, string>();
  #gaps: readonly Gap[] = [];

  /** 0 before the first line is read. */
  get newest(): number {
    return this.#newest;
  }

  /** The lines to read: the gaps, the remembered lines, and all newer ones. */
  get ranges(): readonly IdRange[] {
    const [oldest = 1] = this.#remembered.keys();
    const below = this.#gaps.filter(({ from }) => from < oldest).map(({ from, to }) => ({ from, to }));
    return [...below, { from: oldest, to: Number.MAX_SAFE_INTEGER }];
  }

  /**
   * Whether these lines continue the log that was read before. The purge removes the oldest lines and never the newest,
   * so the newest remembered line must be there.
   * @param lines the lines of the log in the ranges, by rising id
   */
  isContinuedBy(lines: readonly LogLine[]): boolean {
    const found = new Map(lines.map((line) => [line.id, fingerprintOf(line)]));
    let hasFound = this.#remembered.size === 0;
    for (const [id, fingerprint] of this.#remembered) {
      const current = found.get(id);
      if (current === undefined ? hasFound : current !== fingerprint) return false;
      hasFound ||= current !== undefined;
    }
    return hasFound;
  }

  freshOf<Line extends LogLine>(lines: readonly Line[]): readonly Line[] {
    return lines.filter(({ id }) => !this.#remembered.has(id));
  }

  /**
   * @param lines by rising id
   * @param nowTick milliseconds of a clock that never steps back
   */
  advance(lines: readonly LogLine[], nowTick: number): void {
    const ids = lines.map(({ id }) => id);
    const opened: Gap[] = [];
    let before = this.#newest;
    for (const id of ids) {
      // Below the first line that was read, others may have been purged.
      if (id > before + 1 && before > 0) opened.push({ from: before + 1, to: id - 1, sinceTick: nowTick });
      before = Math.max(before, id);
    }
    const open = this.#gaps.filter(({ sinceTick }) => nowTick - sinceTick < GAP_LASTS_MS);
    const late = ids.filter((id) => id <= this.#newest);
    this.#gaps = [...without(open, late), ...opened].slice(-MAX_GAPS);
    this.#newest = before;
    const remembered = [...this.#remembered, ...lines.map((line) => [line.id, fingerprintOf(line)] as const)];
    this.#remembered = new Map(remembered.toSorted(([one], [other]) => one - other).slice(-REMEMBERED));
  }
}

function without(gaps: readonly Gap[], ids: readonly number[]): readonly Gap[] {
  if (ids.length === 0) return gaps;
  return gaps.flatMap((gap) => {
    const inside = ids.filter((id) => id >= gap.from && id <= gap.to);
    const starts = [gap.from, ...inside.map((id) => id + 1)];
    const ends = [...inside.map((id) => id - 1), gap.to];
    return starts
      .map((from, index) => ({ from, to: ends[index] ?? from, sinceTick: gap.sinceTick }))
      .filter(({ from, to }) => from <= to);
  });
}

function fingerprintOf({ topic, subject, atMs, changeSet }: LogLine): string {
  return `${changeSet} ${atMs} ${topic} ${subject}`;
}
