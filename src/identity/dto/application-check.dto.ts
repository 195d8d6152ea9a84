import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsObject, IsString, Length } from 'class-validator';
import { IfPresent } from '../../common/validation/if-present.decorator.js';

/** How to check an application. */
export class CheckApplicationDto {
  /**
   * The active user whose identity is sent. Default: the caller.
   * @example alice
   */
  @IfPresent()
  @IsString()
  @Length(1, 255)
  username?: string;

  /**
   * Values of identity headers to try instead of the stored ones, by header name. They are used only for this check,
   * and never stored or logged.
   */
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: { type: 'string' } })
  @IfPresent()
  @IsObject()
  // Names are data here: they must not be taken for members of a class.
  @Transform(({ obj }: { obj: Readonly<Record<string, unknown>> }) => obj['secrets'])
  secrets?: Record<string, string>;
}

/** The result of a check. */
export class ApplicationCheckDto {
  /** Whether an HTTP server answered in time. */
  reachable!: boolean;

  /** Whether the connection used TLS with a trusted certificate. */
  tls!: boolean;

  /**
   * The version that the product gives without a credential, or the version set by hand; null if neither is known.
   * @example 9.12.0
   */
  @ApiProperty({ type: String, nullable: true })
  version!: string | null;

  /** Whether the application sees the right user; `unknown` if its answer does not show it or the user has no credential. */
  @ApiProperty({ oneOf: [{ type: 'boolean' }, { type: 'string', enum: ['unknown'] }] })
  identityBelieved!: boolean | 'unknown';

  /**
   * The user that the application sees; null if it sees none, or its answer does not show it.
   * @example alice
   */
  @ApiProperty({ type: String, nullable: true })
  upstreamAccount!: string | null;

  /**
   * The HTTP status of its answer; null if there was none.
   * @example 200
   */
  @ApiProperty({ type: Number, nullable: true })
  status!: number | null;

  /** What to do, in this order; empty if everything works. */
  advice!: string[];
}
