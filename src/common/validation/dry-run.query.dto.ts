import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional } from 'class-validator';
import { QueryBoolean } from './query-boolean.decorator.js';

/** The query of a change that can be tried first. */
export class DryRunQuery {
  /**
   * Checks everything and stores nothing: the answer shows what the change would give, with its warnings. An `ETag` is
   * that of the version that is stored, for the `If-Match` of the change itself.
   */
  @ApiProperty({ required: false, default: false })
  @IsOptional()
  @QueryBoolean()
  @IsBoolean()
  dryRun: boolean = false;
}
