import { Injectable } from '@nestjs/common';
import type { PrincipalFacts } from '@scopegate/access';
import { DAY_MS, dayOf } from '@scopegate/audit';
import { codesShownAs, publicCodeOf } from '@scopegate/problem';
import { userNameKey } from '@scopegate/token';
import type { AuditEventFilter } from '../audit/audit-event-filter.js';
import { filterOf } from '../audit/audit-event-filter.parser.js';
import { FormerNames } from '../audit/former-names.js';
import { UsageReader, type UsageGap, type UsageGrouping, type UsageSum } from '../audit/usage/usage.reader.js';
import { invalidField } from '../common/http/problem.exception.js';
import { Clock } from '../common/time/clock.js';
import { DirectoryService } from '../directory/directory.service.js';
import type { UsageDto, UsageRowDto } from './dto/usage.dto.js';
import type { UsageQuery } from './dto/usage.query.dto.js';
import { OwnNamesReader } from './own-names.reader.js';

const DEFAULT_DAYS = 30;
const MAX_DAYS = 400;
const MAX_ROWS = 10_000;

const NOTES: Readonly<Record<UsageGap, string>> = {
  counting: 'The newest events are not counted yet. Ask again in a moment.',
  search:
    'Only the newest 100,000 events of the parts that are not whole days were searched. Ask for whole days (UTC), without `clientIp` and `q`, or for a shorter time.',
  groups: 'There are too many different rows. Use a filter, or fewer keys.',
};

/** How often what was used, for administrators, and for a user of its own requests (R103). */
@Injectable()
export class UsageService {
  constructor(
    private readonly usage: UsageReader,
    private readonly names: OwnNamesReader,
    private readonly formerNames: FormerNames,
    private readonly directory: DirectoryService,
    private readonly clock: Clock,
  ) {}

  async report(caller: PrincipalFacts, query: UsageQuery): Promise<UsageDto> {
    const seesAll = this.directory.isAdministrator(caller);
    const { by, ...filters } = query;
    const given = filterOf(filters);
    const nowMs = this.clock.nowMs();
    const { fromMs, toMs } = rangeOf(given, nowMs);
    const filter = seesAll ? await this.#allOf(given, query.user) : await this.#ownOf(given, caller, query.user);
    const { sums, gaps } = await this.usage.sums({ fromMs, toMs, nowMs, by, filter });
    const rows = seesAll ? sums : ownSums(sums, by, caller);
    const sorted = rows.toSorted((one, other) => compare(one, other, by.indexOf('day')));
    const notes = [...gaps].map((gap) => NOTES[gap]);
    if (sorted.length > MAX_ROWS) notes.push(`There are ${sorted.length} rows. Use a filter.`);
    return {
      from: new Date(fromMs).toISOString(),
      to: new Date(toMs).toISOString(),
      rows: sorted.slice(0, MAX_ROWS).map((sum) => toRow(sum, by)),
      complete: notes.length === 0,
      note: notes.length === 0 ? null : notes.join(' '),
    };
  }

  async #allOf(filter: AuditEventFilter, user: string | undefined): Promise<AuditEventFilter> {
    return user === undefined ? filter : { ...filter, userNames: await this.formerNames.namesOf(user) };
  }

  /** Whatever the filters are, only own requests are counted. */
  async #ownOf(
    { code, ...filter }: AuditEventFilter,
    caller: PrincipalFacts,
    user: string | undefined,
  ): Promise<AuditEventFilter> {
    const isSomebodyElse = user !== undefined && userNameKey(user) !== userNameKey(caller.username);
    return {
      ...filter,
      own: isSomebodyElse ? [] : await this.names.namesOf(caller),
      // A user knows public codes alone.
      ...(code === undefined ? {} : { codes: codesShownAs(code) }),
    };
  }
}

function rangeOf({ fromMs, toMs }: AuditEventFilter, nowMs: number): { fromMs: number; toMs: number } {
  const end = toMs ?? nowMs;
  const start = fromMs ?? (dayOf(end) - DEFAULT_DAYS + 1) * DAY_MS;
  if (start > end) throw invalidField('from', 'must not be after "to".');
  if (end - start > MAX_DAYS * DAY_MS) throw invalidField('from', `must be at most ${MAX_DAYS} days before "to".`);
  return { fromMs: start, toMs: end };
}

/** The public codes, and one name: what a user sees of its own requests. */
function ownSums(sums: readonly UsageSum[], by: readonly UsageGrouping[], { username }: PrincipalFacts): UsageSum[] {
  const merged = new Map<string, { values: UsageSum['values']; events: number }>();
  for (const { values, events } of sums) {
    const shown = values.map((value, index) => {
      if (by[index] === 'user') return userNameKey(username);
      return by[index] === 'code' && typeof value === 'string' ? (publicCodeOf(value) ?? 'internal_error') : value;
    });
    const key = JSON.stringify(shown);
    const known = merged.get(key);
    if (known === undefined) merged.set(key, { values: shown, events });
    else known.events += events;
  }
  return [...merged.values()];
}

function compare(one: UsageSum, other: UsageSum, dayIndex: number): number {
  const days = dayIndex === -1 ? 0 : Number(one.values[dayIndex]) - Number(other.values[dayIndex]);
  return days || other.events - one.events || (JSON.stringify(one.values) < JSON.stringify(other.values) ? -1 : 1);
}

function toRow({ values, events }: UsageSum, by: readonly UsageGrouping[]): UsageRowDto {
  const keys = by.map((grouping, index) => {
    const value = values[index] ?? null;
    return [grouping, grouping === 'day' ? new Date(Number(value) * DAY_MS).toISOString().slice(0, 10) : value];
  });
  return { ...(Object.fromEntries(keys) as Partial<UsageRowDto>), events };
}
