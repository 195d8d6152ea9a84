import { ApiProperty } from '@nestjs/swagger';
import { parseIpAddress } from '@scopegate/network';
import type { Scope } from '@scopegate/scope';
import { IsString, Length, MaxLength } from 'class-validator';
import { FitsRule } from '../../common/validation/fits-rule.decorator.js';
import { IfPresent } from '../../common/validation/if-present.decorator.js';

/** A token to look at (RFC 7662 2.1). */
export class IntrospectedTokenDto {
  /** @example sg_… */
  @IsString()
  @Length(1, 16384)
  token!: string;

  /** Ignored: there is one kind of token. */
  @IfPresent()
  @IsString()
  @MaxLength(255)
  token_type_hint?: string;

  /**
   * The address of the client that presented the token. Without it, a token that is limited to addresses is inactive.
   * @example 203.0.113.7
   */
  @IfPresent()
  @FitsRule(addressProblem)
  client_ip?: string;
}

/** What else is known of an active token. */
export class IntrospectedDetailsDto {
  /** @example 7Hq2LmP0aZx9 */
  tokenId!: string;

  /** @example Alice Example */
  displayName!: string;

  email!: string | null;

  groups!: string[];
}

/** What a token is good for now (RFC 7662 2.2). An inactive one has nothing but `active`. */
export class IntrospectionDto {
  active!: boolean;

  scope?: Scope;

  /** The id of the token. */
  client_id?: string;

  /** The user name of the owner. */
  username?: string;

  /** The owner: stays the same if the user is renamed. */
  sub?: string;

  /** Left out if the token never expires. In seconds since 1970. */
  exp?: number;

  /** When the token was created, in seconds since 1970. */
  iat?: number;

  @ApiProperty({ enum: ['Bearer'], required: false })
  token_type?: 'Bearer';

  /** The keys of the applications that the token is limited to; left out if it is not limited. */
  aud?: string[];

  scopegate?: IntrospectedDetailsDto;
}

/** @returns null if the text is an address */
export function addressProblem(text: string): string | null {
  return parseIpAddress(text) === null ? 'must be an IP address' : null;
}
