import { ApiProperty } from '@nestjs/swagger';

/** A public key (RFC 7517). */
export class PublicKeyDto {
  /** @example EC */
  kty!: string;

  /** @example P-256 */
  crv!: string;

  x!: string;

  y!: string;

  /** The `kid` in the head of an assertion. */
  kid!: string;

  @ApiProperty({ example: 'ES256' })
  alg!: string;

  @ApiProperty({ example: 'sig' })
  use!: string;
}

/** The keys with which an upstream verifies assertions. */
export class KeySetDto {
  /** Empty before the first assertion. */
  keys!: PublicKeyDto[];
}
