import { ApiProperty } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { IsObject, IsString, Length } from 'class-validator';
import { IfPresent } from '../../common/validation/if-present.decorator.js';

/** What an application's upstream is to be asked. */
export class CheckApplicationDto {
  /**
   * Whose identity the question carries: an active user. Default: the caller.
   * @example alice
   */
  @IfPresent()
  @IsString()
  @Length(1, 255)
  username?: string;

  /**
   * Values of identity headers to try in place of the stored ones, by the name of the header. They are used for this
   * question alone, and neither stored nor logged.
   */
  @ApiProperty({ selfRequired: false, type: 'object', additionalProperties: { type: 'string' } })
  @IfPresent()
  @IsObject()
  // Names are data here: they must not be taken for members of a class.
  @Transform(({ obj }: { obj: Readonly<Record<string, unknown>> }) => obj['secrets'])
  secrets?: Record<string, string>;
}

/** What came of asking an upstream. */
export class ApplicationCheckDto {
  /** Whether an HTTP server answered in time. */
  reachable!: boolean;

  /** Whether it was asked over TLS, with a certificate that is trusted. */
  tls!: boolean;

  /**
   * The version that a product told anonymously, or the one set by hand; null where neither is there.
   * @example 9.12.0
   */
  @ApiProperty({ type: String, nullable: true })
  version!: string | null;

  /** Whether it takes the request for the user's; `unknown` where its answer does not say. */
  @ApiProperty({ oneOf: [{ type: 'boolean' }, { type: 'string', enum: ['unknown'] }] })
  identityBelieved!: boolean | 'unknown';

  /**
   * Whom it takes the request for; null for nobody, or where it does not say.
   * @example alice
   */
  @ApiProperty({ type: String, nullable: true })
  upstreamAccount!: string | null;

  /**
   * The HTTP status of its answer; null where there was none.
   * @example 200
   */
  @ApiProperty({ type: Number, nullable: true })
  status!: number | null;

  /** What to do, in the order in which to do it; empty where all is well. */
  advice!: string[];
}
