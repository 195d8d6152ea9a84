import { ApiProperty } from '@nestjs/swagger';
import { LOGIN_METHODS, type LoginMethod } from '@scopegate/access';
import { WarningDto } from '../../common/swagger/warning.dto.js';

/** A session of the console, and its user. */
export class SessionDto {
  /** @example alice */
  username!: string;

  /** @example Alice Example */
  displayName!: string;

  /** Whether the user is a member of the group `administrators`. */
  administrator!: boolean;

  /** How the user has logged in. */
  @ApiProperty({ enum: LOGIN_METHODS })
  method!: LoginMethod;

  /** The session ends then, used or not. */
  expiresAt!: string;

  /** It ends then, if it is not used before. This call is no use. */
  idleEndsAt!: string;

  /** Until then, changes that need a recent login are allowed. */
  stepUpUntil!: string;

  /**
   * After the logout here, the address at which the browser also ends its session at the identity provider. Null if the
   * user has not logged in there, if the provider offers none, or if it is away.
   * @example https://login.example.com/logout?client_id=scopegate
   */
  logoutUrl!: string | null;

  /** About the console itself, for administrators: `console_shares_origin`. */
  warnings!: WarningDto[];
}

/** How a user can log in here. */
export class LoginMethodsDto {
  /** With user name and password: `POST /api/v1/session`. */
  password!: boolean;

  /** At the identity provider of the company: open `GET /api/v1/session/oidc`. */
  oidc!: boolean;

  /**
   * The host of the identity provider, for the button of the login page; null without one.
   * @example login.example.com
   */
  oidcLabel!: string | null;
}
