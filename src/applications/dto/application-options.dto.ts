import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiProperty, getSchemaPath } from '@nestjs/swagger';
import { CHALLENGE_SCHEMES, type ChallengeScheme } from '@scopegate/access';
import { PATH_READINGS, type PathPattern, type PathReading } from '@scopegate/path';
import { APPLICATION_KINDS, kindsWith, productOf, type Product } from '@scopegate/product';
import { IsBoolean, IsIn, IsInt, IsString, Length, Max, Min, ValidateIf } from 'class-validator';
import { BoundedList, TextList } from '../../common/validation/bounded-list.decorator.js';
import { NestedObject } from '../../common/validation/nested-object.decorator.js';
import { patternProblem, type ApplicationOptions } from '../application-options.js';

/** The most patterns of one list. */
const MAX_PATTERNS = 200;

/** More connections than this to one upstream exhaust the ports and files of most systems. */
const MAX_CONNECTIONS = 10_000;

const MAX_TIMEOUT_MS = 3_600_000;
const MAX_STREAM_TIMEOUT_MS = 86_400_000;

const PASSWORDS =
  'What happens to a user name and password: `forward` sends them to the application, `deny` refuses them. Default: ' +
  `\`forward\` for ${kindsWith(({ passwords }) => passwords === 'forward')}, \`deny\` for ` +
  `${kindsWith(({ passwords }) => passwords === 'deny')}.`;

const TOKEN_PATHS =
  'Paths outside of REST that accept a token with GET and HEAD, such as attachments. A pattern must match in every ' +
  `reading of the path. Default: none. Proposals: ${listed(({ proposedTokenPaths }) => proposedTokenPaths)}`;

const BLOCKED_PATHS =
  'Requests that are refused to every token, such as those whose answer contains another credential. A pattern matches ' +
  'if one reading of the path does; GET includes HEAD. Default: none. What shows or makes a credential of the product ' +
  'itself is always blocked: see `GET /presets`.';

function listed(patternsOf: (product: Product) => readonly PathPattern[]): string {
  const kinds = APPLICATION_KINDS.filter((kind) => patternsOf(productOf(kind)).length > 0).map((kind) => {
    const patterns = patternsOf(productOf(kind)).map(
      ({ method, path }) => `\`${method === undefined ? '' : `${method} `}${path}\``,
    );
    return `${kind} ${patterns.join(', ')}`;
  });
  return `${kinds.join('; ')}.`;
}

const PATHS =
  'How the application reads a path. `tomcat`: encoded slashes, percent signs and path parameters are refused, and ' +
  'doubled slashes are merged. `rfc3986`: everything is forwarded byte for byte unless a reader could make a dot ' +
  `segment of it; slashes at the start become one. Default: \`tomcat\` for ${kindsWith(({ paths }) => paths.reading === 'tomcat')}, which accept ` +
  `nothing else, \`rfc3986\` for ${kindsWith(({ paths }) => paths.reading === 'rfc3986')}.`;

/** Requests that a list names. */
export class PathPatternDto {
  /**
   * Without it, the pattern names every method that the list allows.
   * @example GET
   */
  method?: string;

  /**
   * The canonical path below the mount, without the query. `*` stands for one whole segment, or for the rest of one
   * (`/users/current*`); `**` stands for one or more segments and is allowed only at the end.
   * @example /secure/attachment/**
   */
  path!: string;
}

/** Which pages of other origins may call the application from a browser. */
export class CorsDto {
  /** Such as `https://board.example.com`; `*` for every origin, if `anonymous` is `deny`. */
  @TextList({ maxItems: 100, maxLength: 255, isUnique: true })
  origins!: string[];

  /** Headers that these pages may send and read, besides those that a token needs. */
  @TextList({ maxItems: 100, maxLength: 128, isUnique: true })
  headers!: string[];
}

/** A text or null; also left out. */
const TextOrNull = (maxLength: number): PropertyDecorator =>
  applyDecorators(
    ApiProperty({ required: false, type: String, nullable: true }),
    ValidateIf((_tls, value: unknown) => value !== undefined && value !== null),
    IsString(),
    Length(1, maxLength),
  );

/** Of each text in PEM. */
const MAX_PEM_LENGTH = 65_536;

/** How the gateway and the application identify themselves to each other. Only for https. */
export class TlsDto {
  /** Certificates in PEM that are trusted instead of the system's authorities. */
  @TextOrNull(MAX_PEM_LENGTH)
  ca!: string | null;

  /** The gateway's certificate in PEM, followed by its chain. Send `key` in the same call. */
  @TextOrNull(MAX_PEM_LENGTH)
  certificate!: string | null;

  /**
   * The private key of the certificate in PEM, without a passphrase. It is stored encrypted and shown as `********`,
   * which you can send back.
   */
  @TextOrNull(MAX_PEM_LENGTH)
  key!: string | null;

  /** The name that the application's certificate must have, if it is not the host of `upstream`. */
  @TextOrNull(253)
  serverName!: string | null;
}

/** The members of an application that have a default. */
@ApiExtraModels(PathPatternDto)
export class ApplicationOptionsDto implements ApplicationOptions {
  @ApiProperty({ enum: PATH_READINGS, description: PATHS })
  @IsIn(PATH_READINGS, { message: 'paths must be tomcat or rfc3986' })
  paths!: PathReading;

  @ApiProperty({ enum: ['forward', 'deny'], description: PASSWORDS })
  @IsIn(['forward', 'deny'], { message: 'passwords must be forward or deny' })
  passwords!: 'forward' | 'deny';

  /**
   * The `Host` line that the application gets: `upstream` for the host of its address, `client` for the host that the
   * client asked for, or a host name with an optional port. Default: `upstream`.
   * @example upstream
   */
  @IsString()
  @Length(1, 255)
  host!: string;

  /**
   * Cookies of answers to a token: `drop` removes them, `keep` keeps them in the gateway and sends them with the next
   * requests of the token. They never reach the client. Default: `drop`.
   */
  @IsIn(['drop', 'keep'], { message: 'cookies must be drop or keep' })
  @ApiProperty({ enum: ['drop', 'keep'] })
  cookies!: 'drop' | 'keep';

  /** The schemes that a 401 offers. Default: `basic`. Bearer is also offered to a request that came with Bearer. */
  @BoundedList(
    {
      minItems: 1,
      maxItems: CHALLENGE_SCHEMES.length,
      isUnique: true,
      item: (value) => (CHALLENGE_SCHEMES.includes(value as ChallengeScheme) ? null : 'must be basic or bearer'),
    },
    { type: 'string', enum: CHALLENGE_SCHEMES },
  )
  challenge!: ChallengeScheme[];

  /**
   * Authorization schemes of the application's own credentials, which are forwarded although `anonymous` is `deny`.
   * Default: none.
   * @example ["JWT"]
   */
  @TextList({ maxItems: 20, maxLength: 64, isUnique: true })
  passSchemes!: string[];

  @ApiProperty({ description: TOKEN_PATHS })
  @BoundedList({ maxItems: MAX_PATTERNS, item: patternProblem }, { $ref: getSchemaPath(PathPatternDto) })
  tokenPaths!: PathPatternDto[];

  @ApiProperty({ description: BLOCKED_PATHS })
  @BoundedList({ maxItems: MAX_PATTERNS, item: patternProblem }, { $ref: getSchemaPath(PathPatternDto) })
  blockedPaths!: PathPatternDto[];

  /** Lets read-only tokens open upgraded connections (WebSocket), whose messages are not judged. Default: false. */
  @IsBoolean()
  readOnlyUpgrades!: boolean;

  /** Lets pages of these origins call the application with a token. Default: null, which changes nothing. */
  @ApiProperty({ type: CorsDto, nullable: true })
  @ValidateIf((_application, value: unknown) => value !== null)
  @NestedObject(() => CorsDto)
  cors!: CorsDto | null;

  /** Ends open streams and upgraded connections of a token when the token ends. Default: true. */
  @IsBoolean()
  closeOnRevocation!: boolean;

  /**
   * Milliseconds without a byte in either direction until a stream or an upgraded connection ends. Default: one hour.
   * @example 3600000
   */
  @IsInt()
  @Min(1_000)
  @Max(MAX_STREAM_TIMEOUT_MS)
  streamTimeoutMs!: number;

  /**
   * Milliseconds until the client gets 504: while the request waits for a connection, and then while it waits for an
   * answer.
   * @example 60000
   */
  @IsInt()
  @Min(100)
  @Max(MAX_TIMEOUT_MS)
  timeoutMs!: number;

  /**
   * Maximum number of connections to the application from each node. One token, or one client address without a token,
   * may use a quarter of them. Default: 512.
   * @example 512
   */
  @IsInt()
  @Min(4)
  @Max(MAX_CONNECTIONS)
  connections!: number;

  /** Default: null in every member. Null resets all of them. */
  @ApiProperty({ type: TlsDto, nullable: true })
  @ValidateIf((_application, value: unknown) => value !== null)
  @NestedObject(() => TlsDto)
  tls!: TlsDto;
}
