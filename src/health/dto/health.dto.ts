import { ApiProperty } from '@nestjs/swagger';

/** Something that an operator should look at; requests are answered all the same. */
export class HealthWarningDto {
  /**
   * `clock_off`: the clock of this node is more than a few seconds off the database's. `not_the_only_node`:
   * SCOPEGATE_SINGLE_NODE is true, and another node works with the database.
   */
  code!: 'clock_off' | 'not_the_only_node';

  /** @example The clock of this node is 7200.0 s ahead of the database's. */
  message!: string;
}

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

  /** Only there where there are any. */
  warnings?: HealthWarningDto[];
}
