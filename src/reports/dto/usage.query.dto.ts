import { ApiHideProperty, type ApiQueryOptions } from '@nestjs/swagger';
import { Transform } from 'class-transformer';
import { ArrayMaxSize, ArrayMinSize, ArrayUnique, IsArray, IsIn } from 'class-validator';
import { AuditEventFilterQuery } from '../../audit/dto/audit-event.query.dto.js';
import { USAGE_GROUPINGS, type UsageGrouping } from '../../audit/usage/usage.reader.js';

/** Longer texts name no two groupings. */
const MAX_LENGTH = 64;

/** `by` in the document: one text, and not the list that it is read as. */
export const BY_PARAMETER: ApiQueryOptions = {
  name: 'by',
  required: false,
  description: `What to sum up by: one or two of ${USAGE_GROUPINGS.map((name) => `\`${name}\``).join(', ')}, separated by a comma.`,
  schema: { type: 'string', default: 'day', example: 'day,credential' },
};

/** The query of the report of usage. An event must match all filters. */
export class UsageQuery extends AuditEventFilterQuery {
  /** One or two of these, separated by a comma. */
  @ApiHideProperty()
  @Transform(({ value }: { value: unknown }) =>
    typeof value === 'string' && value.length <= MAX_LENGTH ? value.split(',') : value,
  )
  @IsArray()
  @ArrayMinSize(1)
  @ArrayMaxSize(2)
  @ArrayUnique()
  @IsIn(USAGE_GROUPINGS, { each: true })
  by: UsageGrouping[] = ['day'];
}
