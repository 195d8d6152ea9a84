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

  scopes!: ('read-only' | 'read-write')[];

  /** The values of `validity` that are accepted. */
  validities!: ('P1M' | 'P2M' | 'P3M' | 'P4M' | 'P5M' | 'P6M' | 'P1Y' | 'P2Y' | 'never')[];

  /** The longest validity; what is used where none is chosen. */
  maximum!: 'P1M' | 'P2M' | 'P3M' | 'P4M' | 'P5M' | 'P6M' | 'P1Y' | 'P2Y' | 'never';
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
