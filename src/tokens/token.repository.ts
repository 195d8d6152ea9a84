import { Injectable } from '@nestjs/common';
import { isStorableText } from '@scopegate/kernel';
import { userNameKey } from '@scopegate/token';
import { In, type EntityManager, type SelectQueryBuilder } from 'typeorm';
import type { DatabaseUse, DatabaseWork } from '../database/database-lanes.js';
import { findExactRow } from '../database/exact-row.js';
import { holdsText } from '../database/text-search.js';
import { UnitOfWork, type Unit } from '../database/unit-of-work.js';
import { TokenEntity, type NewToken } from './token.entity.js';

/** All limits apply together. */
export interface TokenFilter {
  readonly ownerId?: string;
  readonly ownerIds?: readonly string[];
  /** Compared without case. The user may have been deleted. */
  readonly ownerName?: string;
  readonly scope?: string;
  readonly isRevoked?: boolean;
  /** Searched without case in the description, the id and the owner's name. */
  readonly text?: string;
  readonly description?: string;
  readonly createdFromMs?: number;
  readonly createdToMs?: number;
  readonly lastUsedFromMs?: number;
  readonly lastUsedToMs?: number;
  readonly expiresFromMs?: number;
  readonly expiresToMs?: number;
  readonly neverUsed?: boolean;
}

export const TOKEN_SORT_FIELDS = ['createdAt', 'expiresAt', 'lastUsedAt', 'description', 'owner'] as const;

export type TokenSortField = (typeof TOKEN_SORT_FIELDS)[number];

export interface TokenOrder {
  readonly field: TokenSortField;
  readonly isDescending: boolean;
  /** The last token of the page before. */
  readonly after: TokenPlace | null;
}

/** The sort value and the sequence of a token; the sequence makes every order total. */
export type TokenPlace = readonly [string | number | null, number];

export interface TokenSlice {
  readonly rows: readonly TokenEntity[];
  readonly next: TokenPlace | null;
}

const COLUMNS = {
  createdAt: 'token.sequence',
  expiresAt: 'token.expiresAtMs',
  lastUsedAt: 'token.lastUsedAtMs',
  description: 'token.description',
  owner: 'token.ownerName',
} as const satisfies Record<TokenSortField, string>;

export function sortValue(token: TokenEntity, field: TokenSortField): string | number | null {
  switch (field) {
    case 'createdAt':
      return token.sequence;
    case 'expiresAt':
      return token.expiresAtMs;
    case 'lastUsedAt':
      return token.lastUsedAtMs;
    case 'description':
      return token.description;
    case 'owner':
      return token.ownerName;
  }
}

export function isSortValue(field: TokenSortField, value: unknown): value is string | number | null {
  switch (field) {
    case 'createdAt':
      return typeof value === 'number';
    case 'expiresAt':
    case 'lastUsedAt':
      return typeof value === 'number' || value === null;
    case 'description':
    case 'owner':
      return typeof value === 'string';
  }
}

@Injectable()
export class TokenRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  find(id: string, use: DatabaseUse = {}): Promise<TokenEntity | null> {
    return this.unitOfWork.read((manager) => findExactRow(manager, TokenEntity, { id }), use);
  }

  findAll(ids: readonly string[]): Promise<TokenEntity[]> {
    return this.unitOfWork.read((manager) => manager.findBy(TokenEntity, { id: In([...ids]) }));
  }

  async insert(unit: Unit, row: NewToken): Promise<TokenEntity> {
    const inserted = await unit.manager.insert(TokenEntity, row);
    unit.changed('token', row.id);
    return { ...row, sequence: Number(inserted.identifiers[0]?.['sequence']) };
  }

  findBySequence(sequence: number): Promise<TokenEntity | null> {
    return this.unitOfWork.read((manager) => manager.findOneBy(TokenEntity, { sequence }));
  }

  /** If no index answers the filter, only `span` rows are scanned: then the result can be short before the end. */
  async next(filter: TokenFilter, order: TokenOrder, span: number, limit: number): Promise<TokenSlice> {
    const end = isScanned(filter) ? await this.#placeAfter(order, span) : null;
    const rows: TokenEntity[] = [];
    for (const part of partsAfter(order)) {
      if (rows.length === limit) break;
      const found = await this.#read((manager) => {
        const query = ordered(manager, order, part);
        applyFilter(query, filter);
        if (end !== null) endAt(query, order, part, end);
        return query.take(limit - rows.length).getMany();
      });
      rows.push(...found);
    }
    const last = rows.at(-1);
    if (rows.length === limit && last !== undefined) return { rows, next: placeOf(last, order.field) };
    return { rows, next: end };
  }

  /** The last row that a scan covers; null if there are fewer rows. Reads the index alone. */
  async #placeAfter(order: TokenOrder, span: number): Promise<TokenPlace | null> {
    let left = span;
    for (const part of partsAfter(order)) {
      const places = await this.#read((manager) =>
        ordered(manager, order, part).select(['token.sequence', COLUMNS[order.field]]).take(left).getMany(),
      );
      const last = places.at(-1);
      if (places.length === left && last !== undefined) return placeOf(last, order.field);
      left -= places.length;
    }
    return null;
  }

  #read<Result>(work: DatabaseWork<Result>): Promise<Result> {
    return this.unitOfWork.read(work, { lane: 'lists' });
  }

  /** By position, oldest first, for the vendor's calls with numbered pages. */
  slice(filter: TokenFilter, skip: number, limit: number): Promise<TokenEntity[]> {
    return this.unitOfWork.read(
      (manager) => {
        const query = manager.createQueryBuilder(TokenEntity, 'token');
        applyFilter(query, filter);
        return query.orderBy('token.sequence', 'ASC').skip(skip).take(limit).getMany();
      },
      { lane: 'lists' },
    );
  }
}

function applyFilter(query: SelectQueryBuilder<TokenEntity>, filter: TokenFilter): void {
  const bounds = [
    ['createdAtMs', '>=', filter.createdFromMs],
    ['createdAtMs', '<=', filter.createdToMs],
    ['lastUsedAtMs', '>=', filter.lastUsedFromMs],
    ['lastUsedAtMs', '<=', filter.lastUsedToMs],
    ['expiresAtMs', '>=', filter.expiresFromMs],
    ['expiresAtMs', '<=', filter.expiresToMs],
    ['ownerId', '=', filter.ownerId],
    ['scope', '=', filter.scope],
  ] as const;
  bounds.forEach(([column, operator, value], index) => {
    if (value !== undefined) query.andWhere(`token.${column} ${operator} :bound${index}`, { [`bound${index}`]: value });
  });
  if (filter.ownerIds?.length === 0) {
    query.andWhere('1 = 0');
  } else if (filter.ownerIds !== undefined) {
    query.andWhere('token.ownerId IN (:...ownerIds)', { ownerIds: filter.ownerIds });
  }
  if (filter.ownerName !== undefined && !isStorableText(filter.ownerName)) {
    query.andWhere('1 = 0');
  } else if (filter.ownerName !== undefined) {
    // By this key alone: with the owner's id as well, no index would give the order.
    query.andWhere('token.ownerKey = :ownerKey', { ownerKey: userNameKey(filter.ownerName) });
  }
  if (filter.isRevoked !== undefined) {
    query.andWhere(`token.revokedAtMs IS ${filter.isRevoked ? 'NOT NULL' : 'NULL'}`);
  }
  if (filter.neverUsed !== undefined) {
    query.andWhere(`token.lastUsedAtMs IS ${filter.neverUsed ? 'NULL' : 'NOT NULL'}`);
  }
  if (filter.description !== undefined) query.andWhere(holdsText(['token.description'], filter.description));
  if (filter.text !== undefined) {
    query.andWhere(holdsText(['token.description', 'token.ownerName', 'token.id'], filter.text));
  }
}

function isScanned({ ownerId, ownerIds, ownerName, ...others }: TokenFilter): boolean {
  const hasOwner = ownerId !== undefined || ownerIds !== undefined || ownerName !== undefined;
  return !hasOwner && Object.values(others).some((limit) => limit !== undefined);
}

function placeOf(token: TokenEntity, field: TokenSortField): TokenPlace {
  return [sortValue(token, field), token.sequence];
}

interface Part {
  readonly isNull: boolean;
  readonly after: TokenPlace | null;
}

/** Keyset paging. Nulls come first and are a part of their own: OR would read from the beginning of the index. */
function partsAfter({ field, isDescending, after }: TokenOrder): readonly Part[] {
  const nulls: Part = { isNull: true, after: null };
  const values: Part = { isNull: false, after: null };
  const hasNulls = field === 'expiresAt' || field === 'lastUsedAt';
  const parts = !hasNulls ? [values] : isDescending ? [values, nulls] : [nulls, values];
  if (after === null) return parts;
  const isNull = after[0] === null;
  const started = parts.findIndex((part) => part.isNull === isNull);
  return [{ isNull, after }, ...parts.slice(started + 1)];
}

function ordered(manager: EntityManager, order: TokenOrder, part: Part): SelectQueryBuilder<TokenEntity> {
  const { field, isDescending } = order;
  const column = COLUMNS[field];
  const direction = isDescending ? 'DESC' : 'ASC';
  const query = manager.createQueryBuilder(TokenEntity, 'token').orderBy(column, direction);
  if (field !== 'createdAt') query.addOrderBy('token.sequence', direction);
  if (part.isNull) query.andWhere(`${column} IS NULL`);
  else if (field === 'expiresAt' || field === 'lastUsedAt') query.andWhere(`${column} IS NOT NULL`);
  if (part.after !== null) {
    const beyond = isDescending ? '<' : '>';
    const [value, sequence] = part.after;
    if (part.isNull) {
      query.andWhere(`token.sequence ${beyond} :sequence`, { sequence });
    } else {
      query.andWhere(`${column} ${beyond}= :value`, { value });
      query.andWhere(`(${column} ${beyond} :value OR token.sequence ${beyond} :sequence)`, { sequence });
    }
  }
  return query;
}

function endAt(
  query: SelectQueryBuilder<TokenEntity>,
  { field, isDescending }: TokenOrder,
  part: Part,
  [endValue, endSequence]: TokenPlace,
): void {
  const column = COLUMNS[field];
  const before = isDescending ? '>' : '<';
  if (part.isNull !== (endValue === null)) {
    // The end is in the other part: take all of this one if it comes first, else none of it.
    if (part.isNull === isDescending) query.andWhere('1 = 0');
  } else if (endValue === null) {
    query.andWhere(`token.sequence ${before}= :endSequence`, { endSequence });
  } else {
    query.andWhere(`${column} ${before}= :endValue`, { endValue });
    query.andWhere(`(${column} ${before} :endValue OR token.sequence ${before}= :endSequence)`, { endSequence });
  }
}
