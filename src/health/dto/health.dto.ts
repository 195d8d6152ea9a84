import { ApiProperty } from '@nestjs/swagger';

/** The state of the server. */
export class HealthDto {
  /** `ok`, or `failing` where one of the checks is. */
  status!: 'ok' | 'failing';

  /** Each check by its name. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { database: 'ok' } })
  checks!: Record<string, 'ok' | 'failing'>;
}
