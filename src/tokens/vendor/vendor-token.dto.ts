import { IsIn, IsInt, IsOptional, IsString, Length, Max, MaxLength, Min } from 'class-validator';
import { Type } from 'class-transformer';

/** A new token, in the words of the vendor's app. What it does not know is left alone, as the app does. */
export class VendorCreateTokenDto {
  /** @example nightly report */
  @IsString({ message: 'tokenDescription must be given as a text.' })
  @Length(1, 255, { message: 'tokenDescription must have 1 to 255 characters.' })
  tokenDescription!: string;

  /** 1: read-only, 2: read-write. Left out: read-only. */
  @IsOptional()
  @IsIn([1, 2], { message: 'tokenScope must be 1 (read-only) or 2 (read-write).' })
  tokenScope?: 1 | 2;

  /** Any number of months up to the maximum; it does not matter where `tokenExpirationDateTime` is given. */
  @IsOptional()
  @IsInt({ message: 'tokenValidityTimeInMonths must be a whole number of months.' })
  tokenValidityTimeInMonths?: number;

  /** ISO 8601 with an offset. */
  @IsOptional()
  @IsString({ message: 'tokenExpirationDateTime must be an ISO 8601 date-time with an offset.' })
  @MaxLength(64, { message: 'tokenExpirationDateTime must be an ISO 8601 date-time with an offset.' })
  tokenExpirationDateTime?: string;

  /** The user name of the owner; the caller, where it is left out. */
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

/** Which tokens a list shows. */
export class VendorTokenQuery {
  /** The page, counted from 0. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(0)
  @Max(10_000)
  page: number = 0;

  /** Tokens on a page. */
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(200)
  size: number = 200;

  /** Only this user's tokens. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  tokenForUserKey?: string;

  /** Part of the description. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  tokenDescription?: string;

  @IsOptional()
  @Type(() => Number)
  @IsIn([1, 2])
  tokenScope?: 1 | 2;
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

/** A token in a list; instants are milliseconds since the epoch. */
export interface VendorToken {
  readonly id: number;
  readonly description: string;
  readonly userKey: string;
  readonly tokenScope: 1 | 2;
  readonly created: number;
  /** 0 where it was never used. */
  readonly lastAccessed: number;
  /** Null where it never expires. */
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
