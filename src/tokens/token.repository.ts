import { Injectable } from '@nestjs/common';
import { isStorableText } from '@scopegate/kernel';
import { userNameKey } from '@scopegate/token';
import { Brackets, In, type SelectQueryBuilder } from 'typeorm';
import type { DatabaseUse } from '../database/database.lanes.js';
import { findExactRow } from '../database/exact-row.js';
import { holdsText } from '../database/text-search.js';
import { UnitOfWork } from '../database/unit-of-work.js';
import { TokenEntity } from './token.entity.js';

/** Which tokens a list shows, in terms of the table. All limits hold together. */
export interface TokenFilter {
  /** Only this user's tokens. */
  readonly ownerId?: string;
  /** Only tokens of these users; of nobody, where there is none. */
  readonly ownerIds?: readonly string[];
  /** Only tokens of owners of this name, without case, whether there is such a user now or not. */
  readonly ownerName?: string;
  readonly scope?: string;
  readonly isRevoked?: boolean;
  /** Part of the description, the id or the owner's name, without case. */
  readonly text?: string;
  /** Part of the description, without case. */
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

/** The order of a list, and where the page before ended. */
export interface TokenOrder {
  readonly field: TokenSortField;
  readonly isDescending: boolean;
  /** The sort value and the sequence of the last token shown. */
  readonly after: readonly [string | number | null, number] | null;
}

const COLUMNS = {
  createdAt: 'token.sequence',
  expiresAt: 'token.expiresAtMs',
  lastUsedAt: 'token.lastUsedAtMs',
  description: 'token.description',
  owner: 'token.ownerName',
} as const satisfies Record<TokenSortField, string>;

/** The value of a token that a list is sorted by. */
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

/** Whether a part of a cursor can be what a list of this order is sorted by. */
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

/** Reads and writes the table of tokens. */
@Injectable()
export class TokenRepository {
  constructor(private readonly unitOfWork: UnitOfWork) {}

  find(id: string, use: DatabaseUse = {}): Promise<TokenEntity | null> {
    return this.unitOfWork.read((manager) => findExactRow(manager, TokenEntity, { id }), use);
  }

  /** Tokens by their ids; those there are not are left out. */
  findAll(ids: readonly string[]): Promise<TokenEntity[]> {
    return this.unitOfWork.read((manager) => manager.findBy(TokenEntity, { id: In([...ids]) }));
  }

  findBySequence(sequence: number): Promise<TokenEntity | null> {
    return this.unitOfWork.read((manager) => manager.findOneBy(TokenEntity, { sequence }));
  }

  /** One page in the order asked for; `limit` rows at the most. */
  page(filter: TokenFilter, order: TokenOrder, limit: number): Promise<TokenEntity[]> {
    return this.unitOfWork.read(
      (manager) => {
        const query = manager.createQueryBuilder(TokenEntity, 'token');
        applyFilter(query, filter);
        applyOrder(query, order);
        return query.take(limit).getMany();
      },
      { lane: 'lists' },
    );
  }

  /** Rows by their position, oldest first: for the vendor's calls, whose pages are numbered. */
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
  if (filter.ownerIds?.length === 0) query.andWhere('1 = 0');
  else if (filter.ownerIds !== undefined) {
    query.andWhere('token.ownerId IN (:...ownerIds)', { ownerIds: filter.ownerIds });
  }
  if (filter.ownerName !== undefined && !isStorableText(filter.ownerName)) query.andWhere('1 = 0');
  else if (filter.ownerName !== undefined) {
    // By this key alone: together with the owner's id no index would give the order.
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

/** Keyset paging: the sequence makes every order total. Nulls stand first, in both databases. */
function applyOrder(query: SelectQueryBuilder<TokenEntity>, { field, isDescending, after }: TokenOrder): void {
  const column = COLUMNS[field];
  const direction = isDescending ? 'DESC' : 'ASC';
  query.orderBy(column, direction).addOrderBy('token.sequence', direction);
  if (after === null) return;
  const [value, sequence] = after;
  const beyond = isDescending ? '<' : '>';
  query.andWhere(
    new Brackets((part) => {
      part.where(value === null ? `${column} IS NULL` : `${column} = :value`, { value });
      part.andWhere(`token.sequence ${beyond} :sequence`, { sequence });
      if (value === null && !isDescending) part.orWhere(`${column} IS NOT NULL`);
      if (value !== null) part.orWhere(`${column} ${beyond} :value`);
      if (value !== null && isDescending) part.orWhere(`${column} IS NULL`);
    }),
  );
}
