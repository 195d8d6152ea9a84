import { ApiProperty } from '@nestjs/swagger';

/** A warning for the operator. Requests are still answered. */
export class HealthWarningDto {
  /**
   * `clock_off`: the clock of this node differs from the database's by more than a few seconds. `not_the_only_node`:
   * SCOPEGATE_SINGLE_NODE is true, but another node uses the database.
   */
  code!: 'clock_off' | 'not_the_only_node';

  /** @example The clock of this node is 7200.0 s ahead of the database's. */
  message!: string;
}

/** The state of the server. */
export class HealthDto {
  /** `ok`, or `failing` if one of the checks fails. */
  status!: 'ok' | 'failing';

  /** Each check by its name; `unknown` if another failing check prevents it. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['ok', 'failing', 'unknown'] },
    example: { database: 'ok', journal: 'ok', migrations: 'ok' },
  })
  checks!: Record<string, 'ok' | 'failing' | 'unknown'>;

  /** Present only if there are warnings. */
  warnings?: HealthWarningDto[];
}
