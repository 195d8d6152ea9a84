import type { Scope } from '@scopegate/scope';
import type { Validity } from '@scopegate/token';

/** Which of the three permissions the caller holds now. */
export class HeldPermissionsDto {
  useTokens!: boolean;
  createForSelf!: boolean;
  createOnBehalf!: boolean;
}

/** Whether and how the caller may create tokens now. */
export class TokenCreationDto {
  available!: boolean;

  /** What is missing, and who can grant it; null where nothing is. */
  message!: string | null;

  scopes!: Scope[];

  /** The values of `validity` that are accepted. */
  validities!: Validity[];

  /** The longest validity; what is used where none is chosen. */
  maximum!: Validity;
}

/** The caller, and what it may do. */
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
