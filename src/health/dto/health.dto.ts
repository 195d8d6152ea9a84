import { ApiProperty } from '@nestjs/swagger';

/** The state of the server. */
export class HealthDto {
  /** `ok`, or `failing` where one of the checks is. */
  status!: 'ok' | 'failing';

  /** Each check by its name; `unknown` where another one stands in its way. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['ok', 'failing', 'unknown'] },
    example: { database: 'ok', journal: 'ok', migrations: 'ok' },
  })
  checks!: Record<string, 'ok' | 'failing' | 'unknown'>;
}
