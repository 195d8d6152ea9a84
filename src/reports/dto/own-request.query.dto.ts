import { IntersectionType, PickType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length } from 'class-validator';
import { AUDIT_OUTCOMES } from '@scopegate/audit';
import { AuditEventFilterQuery } from '../../audit/dto/audit-event.query.dto.js';
import { PageQuery } from '../../common/paging/page.js';

const OUTCOMES = AUDIT_OUTCOMES.filter((outcome) => outcome !== 'changed' && outcome !== 'passed');

/** The filters of the audit log that a user has, too. */
class SharedFilters extends PickType(AuditEventFilterQuery, ['from', 'to', 'application', 'tokenId', 'q'] as const) {}

/** The query of the list of own requests. */
export class OwnRequestQuery extends IntersectionType(PageQuery, SharedFilters) {
  /** Only requests with this outcome. */
  @IsOptional()
  @IsIn(OUTCOMES)
  outcome?: string;

  /** The code that the client got, for example `credential_invalid`. */
  @IsOptional()
  @IsString()
  @Length(1, 40)
  code?: string;
}
