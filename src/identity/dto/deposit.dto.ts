import { ApiProperty } from '@nestjs/swagger';
import { DEPOSIT_STATES, type DepositState } from '@scopegate/access';
import { MAX_CREDENTIAL_LENGTH } from '@scopegate/upstream';
import { IsIn, IsString, Length } from 'class-validator';
import { IfPresent } from '../../common/validation/if-present.decorator.js';
import { DEPOSIT_TYPES, type DepositType } from '../deposit.js';

/** A credential of your own for the application. */
export class StoreDepositDto {
  /** `bearer`: such as a personal access token or an API key. `basic`: a user name with a password or API token. */
  @ApiProperty({ enum: DEPOSIT_TYPES })
  @IsIn(DEPOSIT_TYPES, { message: 'type must be bearer or basic' })
  type!: DepositType;

  /**
   * Only of the type `basic`: the user name at the application. Default: your account there.
   * @example alice
   */
  @IfPresent()
  @IsString()
  @Length(1, 255)
  username?: string;

  /**
   * 1 to 4096 bytes in one line. It is stored encrypted and never shown.
   * @example the token that the application has given you
   */
  @IsString()
  @Length(1, MAX_CREDENTIAL_LENGTH)
  @ApiProperty({ writeOnly: true })
  secret!: string;
}

/** A stored credential of a user, without its secret. */
export class DepositDto {
  /**
   * The key of the application.
   * @example jira
   */
  application!: string;

  /**
   * The user whose credential it is.
   * @example alice
   */
  username!: string;

  @ApiProperty({ enum: DEPOSIT_TYPES })
  type!: DepositType;

  /**
   * The account that the application named.
   * @example alice
   */
  upstreamAccount!: string;

  /**
   * The end of the secret, if it is long.
   * @example …x7Qa
   */
  hint!: string;

  /**
   * `working`: it is sent with token requests. `rejected`: the application has refused it. `unchecked`: the application
   * has another address now, or the account is not the user’s any more. Only a `working` one is sent.
   */
  @ApiProperty({ enum: DEPOSIT_STATES })
  state!: DepositState;

  /** ISO 8601, UTC. */
  depositedAt!: string;

  /** When it was last tried. ISO 8601, UTC. */
  checkedAt!: string;

  /** Exact to the minute; null if it was never used. ISO 8601, UTC. */
  lastUsedAt!: string | null;
}

/** One page of stored credentials. */
export class DepositPageDto {
  items!: DepositDto[];

  /** Send it as `cursor` to get the next page; null on the last page. */
  nextCursor!: string | null;
}
