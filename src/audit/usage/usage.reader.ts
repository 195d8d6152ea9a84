import { Injectable } from '@nestjs/common';
import { DAY_MS, dayOf, usageKeysOf, type UsageKeys } from '@scopegate/audit';
import { countsFor, type AuditEventFilter, type UserName } from '../audit-event-filter.js';
import { AuditEventRepository, type TalliedEvent } from '../audit-event.repository.js';
import { AuditShipper } from '../audit-shipper.js';
import { splitRange } from './day-range.js';
import {
  UsageCountRepository,
  type DayRange,
  type GroupColumn,
  type UsageColumn,
  type UsageCondition,
} from './usage-count.repository.js';
import { UsageCounterJob } from './usage-counter.job.js';

export const USAGE_GROUPINGS = ['day', 'credential', 'application', 'user', 'code', 'token'] as const;

export type UsageGrouping = (typeof USAGE_GROUPINGS)[number];

export interface UsageQuestion {
  readonly fromMs: number;
  /** Included. */
  readonly toMs: number;
  readonly nowMs: number;
  readonly by: readonly UsageGrouping[];
  /** With `own`, only requests with a proven credential of this user. Its times are ignored. */
  readonly filter: AuditEventFilter;
}

export interface UsageSum {
  /** Of the groupings, in their order. A user in the form of `userNameKey`, a day as in `dayOf`. */
  readonly values: readonly (string | number | null)[];
  readonly events: number;
}

/** What is missing in the sums. */
export type UsageGap = 'counting' | 'search' | 'groups';

export interface UsageSums {
  readonly sums: readonly UsageSum[];
  readonly gaps: ReadonlySet<UsageGap>;
}

/** A report waits so long for events that are not counted yet. */
const CATCH_UP_MS = 300;

/** In all parts of one report that the counts cannot answer. */
const MAX_EVENTS_READ = 100_000;

const MAX_GROUPS = 50_000;

const COLUMNS: Readonly<Record<UsageGrouping, GroupColumn>> = {
  day: 'day',
  credential: 'credential',
  application: 'application',
  user: 'userKey',
  code: 'code',
  token: 'tokenId',
};

const EQUAL_FILTERS = [
  'type',
  'outcome',
  'code',
  'tokenId',
  'application',
  'credential',
  'door',
] as const satisfies readonly (keyof AuditEventFilter & UsageColumn)[];

/**
 * Sums events by one or two keys (R103): whole days from the counts, parts of days and what no count is kept by from the
 * events themselves, as many as a report may read.
 */
@Injectable()
export class UsageReader {
  constructor(
    private readonly counts: UsageCountRepository,
    private readonly counter: UsageCounterJob,
    private readonly events: AuditEventRepository,
    private readonly shipper: AuditShipper,
  ) {}

  async sums(question: UsageQuestion): Promise<UsageSums> {
    const { by, filter } = question;
    const names = filter.own ?? filter.userNames;
    const sums = new SumsOf(by);
    if (names?.length === 0) return { sums: [], gaps: new Set() };
    await this.shipper.flush();
    // Before what is stored: an event that is stored in between counts twice, and is not missed.
    const held = await this.events.heldFor(filter);
    const isCounted = filter.text === undefined && filter.clientIp === undefined;
    const { days, rest } = splitRange(question, isCounted ? (names ?? []).flatMap(boundsOf) : null);
    if (days.length > 0 && !(await this.counter.catchUp(CATCH_UP_MS))) sums.gaps.add('counting');
    for (const range of days) await this.#addCounts(sums, range, question, names);
    const add = (event: TalliedEvent): void => {
      if (names === undefined || countsFor(event, names)) sums.add(valuesOf(event, by), Number(event.count));
    };
    for (const event of held) if (isWithin(question, Number(event.atMs))) add(event);
    let left = MAX_EVENTS_READ;
    for (const { fromMs, toMs } of rest) {
      const { read, isComplete } = await this.events.tally({ ...filter, fromMs, toMs }, left, add);
      left -= read;
      if (!isComplete) sums.gaps.add('search');
    }
    return { sums: sums.list(), gaps: sums.gaps };
  }

  async #addCounts(
    sums: SumsOf,
    range: DayRange,
    { by, filter }: UsageQuestion,
    names: readonly UserName[] | undefined,
  ): Promise<void> {
    const columns = by.map((grouping) => COLUMNS[grouping]);
    await this.counts.sum(range, columns, conditionOf(filter, range, names), (groups) => {
      for (const { events, ...group } of groups) {
        sums.add(
          columns.map((column) => (column === 'day' ? Number(group[column]) : (group[column] ?? null))),
          events,
        );
      }
    });
  }
}

/** Adds up the groups of several slices. */
class SumsOf {
  readonly gaps = new Set<UsageGap>();
  readonly #sums = new Map<string, { readonly values: UsageSum['values']; events: number }>();

  constructor(readonly by: readonly UsageGrouping[]) {}

  add(values: UsageSum['values'], events: number): void {
    const key = JSON.stringify(values);
    const known = this.#sums.get(key);
    if (known !== undefined) known.events += events;
    else if (this.#sums.size < MAX_GROUPS) this.#sums.set(key, { values, events });
    else this.gaps.add('groups');
  }

  list(): readonly UsageSum[] {
    return [...this.#sums.values()];
  }
}

function isWithin({ fromMs, toMs }: UsageQuestion, atMs: number): boolean {
  return atMs >= fromMs && atMs <= toMs;
}

/** When a name begins or ends, within a day: there the day has events of somebody else, too. */
function boundsOf({ fromMs, untilMs }: UserName): readonly number[] {
  return [fromMs, untilMs].filter((atMs) => atMs !== undefined);
}

function conditionOf(
  filter: AuditEventFilter,
  { from, until }: DayRange,
  names: readonly UserName[] | undefined,
): UsageCondition {
  // No name begins or ends within the range: it holds for all of it, or for nothing.
  const startMs = from * DAY_MS;
  const users = names?.filter(
    ({ fromMs, untilMs }) => (fromMs ?? 0) <= startMs && (untilMs ?? Number.POSITIVE_INFINITY) >= until * DAY_MS - 1,
  );
  return {
    equal: Object.fromEntries(
      EQUAL_FILTERS.flatMap((column) => {
        const value = filter[column];
        return value === undefined ? [] : [[column, value]];
      }),
    ),
    ...(filter.codes === undefined ? {} : { codes: filter.codes }),
    ...(users === undefined ? {} : { users: users.map(({ key }) => key) }),
    isProven: filter.own !== undefined,
  };
}

function valuesOf(event: TalliedEvent, by: readonly UsageGrouping[]): UsageSum['values'] {
  const keys = usageKeysOf(event);
  return by.map((grouping) => valueOf(keys, grouping, Number(event.atMs)));
}

function valueOf(keys: UsageKeys, grouping: UsageGrouping, atMs: number): string | number | null {
  switch (grouping) {
    case 'day':
      return dayOf(atMs);
    case 'token':
      return keys.tokenId;
    case 'credential':
    case 'application':
    case 'user':
    case 'code':
      return keys[grouping];
  }
}
