import { ApiProperty } from '@nestjs/swagger';
import { IsString, Length, Matches, MaxLength, ValidateIf } from 'class-validator';
import { BoundedList } from '../../common/validation/bounded-list.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';

/** Twice the limit of a request, so that a request with too many lines can be explained. */
const MAX_HEADERS = 200;

/** Required, unless the body names an audited event. */
const RequiredWithoutEvent = (): PropertyDecorator =>
  ValidateIf(({ requestId }: ExplainRequestDto, value: unknown) => requestId === undefined || value !== undefined);

/** A request to explain, or the id of an audited one. */
export class ExplainRequestDto {
  /**
   * The id of an audited request. Its event is explained; leave everything else out.
   * @example 5bc4e3a80823aa15a9a304027e79128b
   */
  @IfPresent()
  @IsString()
  @Length(1, 64)
  requestId?: string;

  /**
   * The key of the application that the request is for.
   * @example jira
   */
  @RequiredWithoutEvent()
  @IsString()
  @Length(1, 64)
  application?: string;

  /** @example GET */
  @RequiredWithoutEvent()
  @IsString()
  @Matches(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}$/, { message: 'method must be an HTTP method' })
  method?: string;

  /**
   * The path below the mount of the application, with its query. The mount itself is judged as `/`.
   * @example /rest/api/2/myself
   */
  @RequiredWithoutEvent()
  @IsString()
  @Length(1, 16384)
  path?: string;

  /**
   * The address at the other end of the connection: a proxy, or the client itself.
   * @example 203.0.113.7
   */
  @RequiredWithoutEvent()
  @IsString()
  @MaxLength(255)
  peer?: string;

  /**
   * The header lines, each a pair of name and value. The Host line is optional.
   * @example [["X-Forwarded-For", "203.0.113.7"]]
   */
  @ApiProperty({
    required: false,
    type: 'array',
    items: { type: 'array', items: { type: 'string' }, minItems: 2, maxItems: 2 },
    example: [['X-Forwarded-For', '203.0.113.7']],
  })
  @RequiredWithoutEvent()
  @BoundedList({ maxItems: MAX_HEADERS, item: (line) => (Array.isArray(line) ? null : 'must be a pair of two texts') })
  headers?: string[][];

  /**
   * The id of the token of the request, instead of its secret.
   * @example 7Hq2LmP0aZx9
   */
  @IfPresent()
  @IsString()
  @Length(1, 12)
  tokenId?: string;
}

/** The result of one stage. */
export class ExplainedStageDto {
  /** @example address */
  stage!: string;

  outcome!: 'passed' | 'refused' | 'not-reached' | 'not-needed';

  /** The true reason, if this stage refused. */
  code!: string | null;

  /** What the stage checked. */
  detail!: string | null;
}

/** How the client address was derived. */
export class ExplainedAddressDto {
  peer!: string | null;

  /** The value of the forwarding header that was used. */
  header!: string | null;

  /** The client address; null if it is unknown. */
  derived!: string | null;

  /** The entry of the allow list that contains it. */
  entry!: string | null;
}

/** The decision about the request, stage by stage. */
export class ExplanationDto {
  decision!: 'allow' | 'deny' | 'pass';

  /** The true reason of the first stage that refuses. */
  code!: string | null;

  stages!: ExplainedStageDto[];

  clientIp!: ExplainedAddressDto;
}
