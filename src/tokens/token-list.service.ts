import { setImmediate as nextTurn } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Authenticated } from '@scopegate/access';
import { parseInstant } from '@scopegate/token';
import { invalidField, invalidFields } from '../common/http/problem.exception.js';
import { decodeCursor, encodeCursor, type Page } from '../common/paging/page.js';
import { PermissionsService } from '../permissions/permissions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import type { TokenDto } from './dto/token.dto.js';
import type { TokenQuery } from './dto/token-calls.dto.js';
import { toTokenDto } from './token.mapper.js';
import {
  isSortValue,
  sortValue,
  TokenRepository,
  type TokenFilter,
  type TokenOrder,
  type TokenSortField,
} from './token.repository.js';
import { TokenStateReader, type TokenState } from './token-state.reader.js';
import { VisibleTokenReader } from './visible-token.reader.js';

/** For filters on the state of a token, which is not stored. */
const SCAN_SIZE = 500;

/** Index entries in one statement if no index answers a filter: few at first, because most pages fill soon. */
const FIRST_SPAN = 1_000;
const LARGEST_SPAN = 8_000;

/** A page that takes longer ends early, and its cursor continues there (R82). */
const SEARCH_MS = 100;

@Injectable()
export class TokenListService {
  constructor(
    private readonly tokens: TokenRepository,
    private readonly visible: VisibleTokenReader,
    private readonly states: TokenStateReader,
    private readonly permissions: PermissionsService,
    private readonly settings: SettingsService,
  ) {}

  /** @throws a 404 if there is no such token, or if the caller may not see it */
  async get(caller: Authenticated, id: string): Promise<TokenDto> {
    const row = await this.visible.find(caller, id);
    return toTokenDto(row, await this.states.stateOf(row));
  }

  async list(caller: Authenticated, query: TokenQuery): Promise<Page<TokenDto>> {
    const filter = { ...filterOf(query), ...this.visible.filterFor(caller) };
    const order = readOrder(query);
    if (query.exceedsPolicy === true && !this.#canExceedPolicy()) return { items: [], nextCursor: null };
    let { after } = order;
    const items: TokenDto[] = [];
    const isJudged = query.status !== undefined || query.exceedsPolicy !== undefined;
    const endTick = performance.now() + SEARCH_MS;
    for (let span = FIRST_SPAN; ; span = Math.min(2 * span, LARGEST_SPAN)) {
      const wanted = isJudged ? SCAN_SIZE : query.limit - items.length + 1;
      const { rows, next } = await this.tokens.next(filter, { ...order, after }, span, wanted);
      const stateOf = await this.states.readStates(rows);
      for (const row of rows) {
        const state = stateOf(row);
        const isShown = isAskedFor(state, query);
        if (isShown && items.length === query.limit) return { items, nextCursor: cursorOf(order.sort, after) };
        after = [sortValue(row, order.field), row.sequence];
        if (isShown) items.push(toTokenDto(row, state));
      }
      if (next === null) return { items, nextCursor: null };
      after = next;
      if (performance.now() > endTick) return { items, nextCursor: cursorOf(order.sort, after) };
      // SQLite runs in this thread: let requests run in between.
      await nextTurn();
    }
  }

  /** Whether the settings and permissions of today forbid anything that a token can have. */
  #canExceedPolicy(): boolean {
    const { maximum } = this.settings.current().tokenValidity;
    return maximum !== 'never' || this.permissions.current().createForSelf.readOnlyOnly;
  }
}

/** @throws a 400 if the cursor comes from a list in another order */
function readOrder(query: TokenQuery): TokenOrder & { readonly sort: string } {
  const sort = query.sort ?? '-createdAt';
  const field = sort.replace('-', '') as TokenSortField;
  const isDescending = sort.startsWith('-');
  const cursor = decodeCursor(query.cursor, 3);
  if (cursor === null) return { sort, field, isDescending, after: null };
  const [cursorSort, value, sequence] = cursor;
  if (cursorSort !== sort || !isSortValue(field, value) || typeof sequence !== 'number') {
    throw invalidField('cursor', 'belongs to a list with another order. Start again without it.');
  }
  return { sort, field, isDescending, after: [value, sequence] };
}

function isAskedFor(state: TokenState, { status, exceedsPolicy }: TokenQuery): boolean {
  return (
    (status === undefined || state.status === status) &&
    (exceedsPolicy === undefined || state.exceedsPolicy === exceedsPolicy)
  );
}

function filterOf(query: TokenQuery): TokenFilter {
  return {
    ...(query.owner === undefined ? {} : { ownerName: query.owner }),
    ...(query.scope === undefined ? {} : { scope: query.scope }),
    ...(query.status === undefined ? {} : { isRevoked: query.status === 'revoked' }),
    ...(query.q === undefined ? {} : { text: query.q }),
    ...(query.neverUsed === undefined ? {} : { neverUsed: query.neverUsed }),
    ...bound('createdFrom', query),
    ...bound('createdTo', query),
    ...bound('lastUsedFrom', query),
    ...bound('lastUsedTo', query),
    ...bound('expiresFrom', query),
    ...bound('expiresTo', query),
  };
}

type InstantName = 'createdFrom' | 'createdTo' | 'lastUsedFrom' | 'lastUsedTo' | 'expiresFrom' | 'expiresTo';

/** @throws a 400 if the query's value is not an instant */
function bound(field: InstantName, query: TokenQuery): Partial<Record<`${InstantName}Ms`, number>> {
  const text = query[field];
  if (text === undefined) return {};
  const reading = parseInstant(text);
  if (!reading.ok) throw invalidFields([{ field, message: reading.message }]);
  return { [`${field}Ms`]: reading.instantMs };
}

function cursorOf(sort: string, after: TokenOrder['after']): string | null {
  return after === null ? null : encodeCursor([sort, ...after]);
}
