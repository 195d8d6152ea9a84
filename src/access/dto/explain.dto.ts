import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, Matches, MaxLength, ValidateIf } from 'class-validator';
import { BoundedList } from '../../common/validation/bounded-list.decorator.js';

/** Twice as many header lines as any request may have: what becomes of too many can be asked. */
const MAX_HEADERS = 200;

const given = (_object: object, value: unknown): boolean => value !== undefined;

/** Whether this body asks about an event that was audited. */
const asksAboutEvent = ({ requestId }: ExplainRequestDto): boolean => requestId !== undefined;

/** A request to explain, or the id of one that was audited. */
export class ExplainRequestDto {
  /**
   * The id of an audited request: its event is explained, and nothing else may be given.
   * @example 5bc4e3a80823aa15a9a304027e79128b
   */
  @ValidateIf(given)
  @IsString()
  @Length(1, 64)
  requestId?: string;

  /**
   * The key of the application the request would be for.
   * @example jira
   */
  @ValidateIf((body: ExplainRequestDto) => !asksAboutEvent(body) || body.application !== undefined)
  @IsString()
  @Length(1, 64)
  application?: string;

  /** @example GET */
  @ValidateIf((body: ExplainRequestDto) => !asksAboutEvent(body) || body.method !== undefined)
  @IsString()
  @Matches(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/, { message: 'method must be an HTTP method' })
  method?: string;

  /**
   * The path below the application's mount, with the query if there is one.
   * @example /rest/api/2/myself
   */
  @ValidateIf((body: ExplainRequestDto) => !asksAboutEvent(body) || body.path !== undefined)
  @IsString()
  @Length(1, 16384)
  path?: string;

  /**
   * The address of the socket's other end: a proxy, or the client itself.
   * @example 203.0.113.7
   */
  @ValidateIf((body: ExplainRequestDto) => !asksAboutEvent(body) || body.peer !== undefined)
  @IsString()
  @MaxLength(255)
  peer?: string;

  /**
   * The header lines, each a pair of name and value. A Host line may be left out.
   * @example [["X-Forwarded-For", "203.0.113.7"]]
   */
  @ApiProperty({
    required: false,
    type: 'array',
    items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
    example: [['X-Forwarded-For', '203.0.113.7']],
  })
  @ValidateIf((body: ExplainRequestDto) => !asksAboutEvent(body) || body.headers !== undefined)
  @BoundedList({ maxItems: MAX_HEADERS, item: (line) => (Array.isArray(line) ? null : 'must be a pair of two texts') })
  headers?: string[][];

  /**
   * The id of the token the request would carry, in place of its secret.
   * @example 7Hq2LmP0aZx9
   */
  @ValidateIf(given)
  @IsString()
  @Length(1, 12)
  tokenId?: string;
}

/** What one stage made of the request. */
export class ExplainedStageDto {
  /** @example address */
  stage!: string;

  outcome!: 'passed' | 'refused' | 'not-reached' | 'not-needed';

  /** The true reason, on the stage that refused. */
  code!: string | null;

  /** What the stage saw. */
  detail!: string | null;
}

/** How the client address was told. */
export class ExplainedAddressDto {
  peer!: string | null;

  /** The value of the forwarding header that was considered. */
  header!: string | null;

  /** The client address; null where none can be told. */
  derived!: string | null;

  /** The entry of the allow list that holds it. */
  entry!: string | null;
}

/** What would become of the request, stage by stage. */
export class ExplanationDto {
  decision!: 'allow' | 'deny' | 'pass';

  /** The true reason of the first stage that refuses. */
  code!: string | null;

  stages!: ExplainedStageDto[];

  clientIp!: ExplainedAddressDto;
}
