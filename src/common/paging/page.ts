import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { invalidField } from '../http/problem.exception.js';

/** The query of every list. */
export class PageQuery {
  /** Maximum number of items, 1 to 200. */
  @ApiProperty({
    required: false,
    type: 'integer',
    default: 50,
    minimum: 1,
    maximum: 200,
    description: 'Maximum number of items.',
  })
  @IsOptional()
  // Only digits: JavaScript also reads "0x10", "1e2" and " 5" as numbers.
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : value,
  )
  @IsInt()
  @Min(1)
  @Max(200)
  limit: number = 50;

  /** The `nextCursor` of the previous page. */
  @ApiProperty({
    required: false,
    description: 'The `nextCursor` of the previous page.',
    maxLength: 512,
  })
  @IsOptional()
  @IsString()
  @MaxLength(512)
  cursor?: string;
}

/** One page of a list. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** Send it as `cursor` to get the next page; null on the last page. */
  readonly nextCursor: string | null;
}

/** Writes the key of the last item as a cursor; clients do not read it. */
export function encodeCursor(key: readonly (string | number | null)[]): string {
  return Buffer.from(JSON.stringify(key)).toString('base64url');
}

/**
 * Reads a cursor back.
 * @param length how many parts the key of this list has
 * @throws a 400 if this server did not make it
 */
export function decodeCursor(cursor: string | undefined, length: number): (string | number | null)[] | null {
  if (cursor === undefined) return null;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    const isKey =
      Array.isArray(key) &&
      key.length === length &&
      key.every((part) => part === null || typeof part === 'string' || Number.isSafeInteger(part));
    if (isKey && encodeCursor(key) === cursor) return key as (string | number | null)[];
  } catch {
    // Not JSON: refused below.
  }
  throw invalidField('cursor', 'does not belong to this list. Use the nextCursor of the previous page.');
}

/** @param rows one more than the page has items, if there is a next page */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  key: (row: Row) => readonly (string | number | null)[],
  toItem: (row: Row) => Item,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? encodeCursor(key(last)) : null,
  };
}
