import { Transform } from 'class-transformer';
import { IsIn, IsInt, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator';
import { BoundedList, textProblem } from '../../common/validation/bounded-list.decorator.js';

/** A new token, in the words of the vendor's app. Unknown members are ignored, as in the app. */
export class VendorCreateTokenDto {
  /** @example nightly report */
  @IsString({ message: 'tokenDescription must be given as a text.' })
  @Length(1, 255, { message: 'tokenDescription must have 1 to 255 characters.' })
  tokenDescription!: string;

  /** 1: read-only, 2: read-write. Left out: read-only. */
  @IsOptional()
  @IsIn([1, 2], { message: 'tokenScope must be 1 (read-only) or 2 (read-write).' })
  tokenScope?: 1 | 2;

  /** Any number of months up to the maximum. Ignored if `tokenExpirationDateTime` is given. */
  @IsOptional()
  @IsInt({ message: 'tokenValidityTimeInMonths must be a whole number of months.' })
  tokenValidityTimeInMonths?: number;

  /** ISO 8601 with an offset. */
  @IsOptional()
  @IsString({ message: 'tokenExpirationDateTime must be an ISO 8601 date-time with an offset.' })
  @MaxLength(64, { message: 'tokenExpirationDateTime must be an ISO 8601 date-time with an offset.' })
  tokenExpirationDateTime?: string;

  /** The user name of the owner. Default: the caller. */
  @IsOptional()
  @IsString({ message: 'tokenForUserKey must be a user name.' })
  @Length(1, 255, { message: 'tokenForUserKey must be a user name.' })
  tokenForUserKey?: string;
}

/** A new description. */
export class VendorDescribeTokenDto {
  @IsString({ message: 'tokenDescription must be given as a text.' })
  @Length(1, 255, { message: 'tokenDescription must have 1 to 255 characters.' })
  tokenDescription!: string;
}

/** Reads the digits of a query. Anything else stays unchanged and is refused later. */
const queryNumber = ({ value }: { value: unknown }): unknown =>
  typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value;

/** Which page of a list to show. */
export class VendorPageQuery {
  /** Counted from 0. */
  @Transform(queryNumber)
  @IsInt({ message: 'page must be a whole number, 0 for the first page.' })
  @Min(0)
  @Max(10_000)
  page: number = 0;

  /** Tokens on a page. */
  @Transform(queryNumber)
  @IsInt({ message: 'limit must be a whole number.' })
  @Min(1)
  @Max(1000)
  limit: number = 200;
}

/**
 * The query of the list, with the names of the app. An unknown name is refused, because a script that deletes the
 * result must not find more than it asked for. Times are milliseconds since the epoch, both ends included.
 */
export class VendorTokenQuery extends VendorPageQuery {
  /** User names; repeat the parameter for several. */
  @IsOptional()
  @Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? [value] : value))
  @BoundedList({
    maxItems: 100,
    item: (name) => (name === '' ? 'must not be empty' : textProblem(name, 255)),
  })
  userFilter?: string[];

  /** Part of the description. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  descriptionFilter?: string;

  /** 0 means without a scope; no token matches it. */
  @IsOptional()
  @Transform(queryNumber)
  @IsIn([0, 1, 2], { message: 'tokenScope must be 0, 1 (read-only) or 2 (read-write).' })
  tokenScope?: 0 | 1 | 2;

  /** Only tokens that are no longer valid after this time. */
  @IsOptional()
  @Transform(queryNumber)
  @IsInt()
  notValidAfter?: number;

  @IsOptional()
  @Transform(queryNumber)
  @IsInt()
  fromCreated?: number;

  @IsOptional()
  @Transform(queryNumber)
  @IsInt()
  untilCreated?: number;

  @IsOptional()
  @Transform(queryNumber)
  @IsInt()
  fromLastUsed?: number;

  @IsOptional()
  @Transform(queryNumber)
  @IsInt()
  untilLastUsed?: number;

  @IsOptional()
  @Transform(queryNumber)
  @IsInt()
  fromExpiresDuring?: number;

  @IsOptional()
  @Transform(queryNumber)
  @IsInt()
  untilExpiresDuring?: number;
}

/** A new token with its secret. */
export interface VendorCreatedToken {
  readonly id: number;
  readonly plainTextToken: string;
  readonly tokenDescription: string;
  readonly tokenScope: 1 | 2;
  readonly tokenValidityTimeInMonths: number | null;
  readonly tokenExpirationDateTime: string | null;
  readonly tokenExpirationDateTimeMillis: number | null;
  readonly tokenForUserKey: string;
}

/** A token in a list. Times are milliseconds since the epoch. */
export interface VendorToken {
  readonly id: number;
  readonly description: string;
  readonly userKey: string;
  readonly tokenScope: 1 | 2;
  readonly created: number;
  /** 0 if it was never used. */
  readonly lastAccessed: number;
  /** Null if it never expires. */
  readonly validUntil: number | null;
}

/** One page of tokens. */
export interface VendorTokenPage {
  readonly content: readonly VendorToken[];
  readonly number: number;
  readonly size: number;
  readonly numberOfElements: number;
  readonly last: boolean;
}
