import { ApiProperty } from '@nestjs/swagger';
import { SCOPES, type Scope } from '@scopegate/scope';
import { IsIn, IsString, Length, Matches, ValidateIf } from 'class-validator';
import { ProblemDto } from '../../common/swagger/problem.dto.js';
import { BoundedList } from '../../common/validation/bounded-list.decorator.js';
import { FitsRule } from '../../common/validation/fits-rule.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';
import { addressProblem } from './introspection.dto.js';

/** More than a request may have, so that one with too many lines gets the decision that says so. */
const MAX_HEADERS = 200;

const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What a line can hold (RFC 9110 5.5), one character a byte. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function lineProblem(line: unknown): string | null {
  const [name, value, ...more] = Array.isArray(line) ? (line as readonly unknown[]) : [];
  if (more.length > 0 || typeof name !== 'string' || typeof value !== 'string') {
    return 'must be a pair of two texts: the name and the value';
  }
  if (!NAME.test(name)) return 'has a name that no header line can have';
  return VALUE.test(value) ? null : 'has a value that no header line can have';
}

/** A request that reached another application, as it was received. */
export class GuardedRequestDto {
  /**
   * The key of the application whose rules count. Without it, tokens that are limited to applications are refused.
   * @example reports
   */
  @IfPresent()
  @IsString()
  @Length(1, 64)
  application?: string;

  /** @example GET */
  @IsString()
  @Matches(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/, { message: 'method must be an HTTP method' })
  method!: string;

  /**
   * The target of the request line.
   * @example /reports/7?full=1
   */
  @IsString()
  @Length(1, 16384)
  target!: string;

  /**
   * All header lines, each a pair of name and value, in their order.
   * @example [["Host", "reports.example.com"]]
   */
  @ApiProperty({
    type: 'array',
    items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
    maxItems: MAX_HEADERS,
    example: [['Host', 'reports.example.com']],
  })
  @BoundedList({ maxItems: MAX_HEADERS, item: lineProblem })
  headers!: string[][];

  /**
   * The address of the client; null if it is not known. A token that is limited to addresses is then refused.
   * @example 203.0.113.7
   */
  @ApiProperty({ type: 'string', nullable: true, example: '203.0.113.7' })
  @ValidateIf((_document, value: unknown) => value !== null)
  @FitsRule(addressProblem)
  clientIp!: string | null;

  /** The scope that the route asks for. Without it, method and path decide, as in the gateway. */
  @IfPresent()
  @IsIn(SCOPES)
  scope?: Scope;
}

/** The user for whom a request is allowed, and its token. */
export class GuardedCallerDto {
  /** @example alice */
  username!: string;

  /** @example Alice Example */
  displayName!: string;

  email!: string | null;

  groups!: string[];

  /** @example 7Hq2LmP0aZx9 */
  tokenId!: string;

  scope!: Scope;

  /** Null: never. */
  expiresAt!: string | null;
}

/** The decision about a request. */
export class GuardDecisionDto {
  decision!: 'allow' | 'deny';

  /** The `X-Request-Id` of this call, also in the audit log. */
  requestId!: string;

  /** Null unless the request is allowed. */
  caller!: GuardedCallerDto | null;

  /** What to answer to the client of a refused request. */
  problem!: ProblemDto | null;

  /** The values of `WWW-Authenticate` for that answer. */
  challenge!: string[];

  /** Whole seconds for `Retry-After`, after too many failures. */
  retryAfterSeconds!: number | null;
}
