import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { SCOPES } from '@scopegate/scope';
import {
  CREDENTIAL_TYPES,
  DEFAULT_IDENTITY_ENCODING,
  IDENTITY_ENCODINGS,
  type CredentialType,
  type IdentityEncoding,
} from '@scopegate/upstream';
import { Transform } from 'class-transformer';
import { IsBoolean, IsIn, IsObject, IsString, MaxLength } from 'class-validator';
import { IfPresent } from '../../common/validation/if-present.decorator.js';
import { IDENTITY_MODES, type IdentityMode } from '../application-identity.js';

/** A credential of a service account at the application. */
export class ServiceCredentialDto {
  /**
   * `bearer`: a token or API key, sent in the header that the product expects. `basic`: a user name and password.
   * `header`: the value of a header of your choice.
   */
  @ApiProperty({ enum: CREDENTIAL_TYPES })
  type!: CredentialType;

  /** Only with `basic`: the user name of the account. */
  @ApiProperty({ required: false, type: String, nullable: true })
  username?: string | null;

  /** Only with `header`: its name. */
  @ApiProperty({ required: false, type: String, nullable: true })
  header?: string | null;

  /** Never shown. 1 to 4096 bytes in one line. */
  @ApiProperty({ required: false, writeOnly: true })
  secret?: string;

  /** The end of the secret, if it is long. */
  @ApiProperty({ required: false, readOnly: true, example: '…x7Qa' })
  hint?: string;
}

/** How the application gets the owner of a token. */
@ApiExtraModels(ServiceCredentialDto)
export class IdentityDto {
  /**
   * `headers`: lines with the user. `jwt`: a signed assertion. `credential`: a credential of the application's own, of
   * each user or of a service account. In a change, another mode replaces the whole identity.
   */
  @IfPresent()
  @IsIn(IDENTITY_MODES, { message: `mode must be one of ${IDENTITY_MODES.join(', ')}` })
  @ApiProperty({ required: false, enum: IDENTITY_MODES, default: 'headers' })
  mode?: IdentityMode;

  /**
   * How values beyond ASCII are sent: `percent` as percent-encoded UTF-8 (`J%C3%B6rg`; `%` becomes `%25`), `utf-8` as
   * the bytes of UTF-8, for applications that read these and do not decode percent signs.
   */
  @IfPresent()
  @IsIn(IDENTITY_ENCODINGS, { message: 'encoding must be percent or utf-8' })
  @ApiProperty({ required: false, enum: IDENTITY_ENCODINGS, default: DEFAULT_IDENTITY_ENCODING })
  encoding?: IdentityEncoding;

  /**
   * Header names with their values: a template with `{username}`, `{displayName}`, `{email}`, `{groups}`, `{tokenId}`
   * and `{scope}`, or `{"secret": "…"}` for a fixed value, which is stored encrypted and shown as `********`. For
   * `Authorization`, the secret may be `Basic {username}:word`, which is sent in base64.
   */
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: {
      oneOf: [{ type: 'string' }, { type: 'object', properties: { secret: { type: 'string' } }, required: ['secret'] }],
    },
    example: { 'X-Forwarded-User': '{username}' },
  })
  @IfPresent()
  @IsObject()
  // Names are data here: they must not be taken for members of a class.
  @Transform(({ obj }: { obj: Readonly<Record<string, unknown>> }) => obj['headers'])
  headers?: Record<string, string | { secret: string }>;

  /**
   * Mode `jwt`: the header of the assertion. In `Authorization` it is a Bearer token. Default: `X-Scopegate-Assertion`.
   * @example X-Scopegate-Assertion
   */
  @IfPresent()
  @IsString()
  @MaxLength(128)
  header?: string;

  /**
   * Mode `jwt`: the name by which the application recognises that an assertion is for it (claim `aud`).
   * @example https://jira.example.com
   */
  @IfPresent()
  @IsString()
  @MaxLength(255)
  audience?: string;

  /** Mode `credential`: true if each user stores a credential, false for one service account. */
  @IfPresent()
  @IsBoolean()
  perUser?: boolean;

  /** With `perUser`: the names of accounts that differ from the user name, by user name. */
  @ApiProperty({
    selfRequired: false,
    type: 'object',
    additionalProperties: { type: 'string' },
    example: { alice: 'asmith' },
  })
  @IfPresent()
  @IsObject()
  @Transform(({ obj }: { obj: Readonly<Record<string, unknown>> }) => obj['accounts'])
  accounts?: Record<string, string>;

  /**
   * Without `perUser`: the credential of the service account, or one for each of `read-only` and `read-write`. Secrets
   * are stored encrypted and never shown; a credential without `secret` keeps the stored one.
   */
  @ApiProperty({
    selfRequired: false,
    oneOf: [
      { $ref: getSchemaPath(ServiceCredentialDto) },
      {
        type: 'object',
        properties: Object.fromEntries(SCOPES.map((scope) => [scope, { $ref: getSchemaPath(ServiceCredentialDto) }])),
        required: [...SCOPES],
      },
    ],
    example: { type: 'bearer', secret: 'the token of the service account' },
  })
  @IfPresent()
  @IsObject()
  @Transform(({ obj }: { obj: Readonly<Record<string, unknown>> }) => obj['service'])
  service?: object;
}
