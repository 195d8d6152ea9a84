import type { Scope } from '@scopegate/scope';
import type { Validity } from '@scopegate/token';

/** Which of the three permissions the caller has now. */
export class HeldPermissionsDto {
  useTokens!: boolean;
  createForSelf!: boolean;
  createOnBehalf!: boolean;
}

/** Whether and how the caller may create tokens now. */
export class TokenCreationDto {
  available!: boolean;

  /** What is missing, and who can grant it; null if nothing is missing. */
  message!: string | null;

  scopes!: Scope[];

  /** The accepted values of `validity`. */
  validities!: Validity[];

  /** The longest validity, which is also the default. */
  maximum!: Validity;
}

/** The caller and its permissions. */
export class MeDto {
  /** @example alice */
  username!: string;

  /** @example Alice Example */
  displayName!: string;

  groups!: string[];

  /** Whether the caller is a member of the group `administrators`. */
  administrator!: boolean;

  permissions!: HeldPermissionsDto;

  tokenCreation!: TokenCreationDto;
}
