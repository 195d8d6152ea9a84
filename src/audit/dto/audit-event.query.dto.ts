import { ApiProperty, IntersectionType } from '@nestjs/swagger';
import { IsIn, IsOptional, IsString, Length, MaxLength } from 'class-validator';
import { CREDENTIAL_KINDS, DOORS } from '@scopegate/access';
import { AUDIT_EVENT_TYPES, AUDIT_OUTCOMES } from '@scopegate/audit';
import { PageQuery } from '../../common/paging/page.js';

/** Filters for events. An event must match all of them. */
export class AuditEventFilterQuery {
  /** From this time on: ISO 8601 with an offset. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  from?: string;

  /** Up to this time: ISO 8601 with an offset. */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  to?: string;

  /** Only events of this type. */
  @IsOptional()
  @IsIn(AUDIT_EVENT_TYPES)
  type?: string;

  /** Only events with this outcome. */
  @IsOptional()
  @IsIn(AUDIT_OUTCOMES)
  outcome?: string;

  /** The true reason, for example `token_expired`. */
  @IsOptional()
  @IsString()
  @Length(1, 40)
  code?: string;

  /** The actor or the owner, without case. For a renamed user, also the events under its former names. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  user?: string;

  /** The id of a token. */
  @IsOptional()
  @IsString()
  @Length(1, 12)
  tokenId?: string;

  /** An address, in any spelling. */
  @IsOptional()
  @IsString()
  @Length(1, 64)
  clientIp?: string;

  /** The key of an application. */
  @IsOptional()
  @IsString()
  @Length(1, 64)
  application?: string;

  /** Only events with this kind of credential. */
  @IsOptional()
  @IsIn(CREDENTIAL_KINDS)
  credential?: string;

  /** Only decisions that were asked for in this way. */
  @IsOptional()
  @IsIn(DOORS)
  door?: string;

  /** A part of the token’s description, the path or the user agent, without case. */
  @IsOptional()
  @IsString()
  @Length(1, 255)
  q?: string;
}

/** The query of the list of events. */
export class AuditEventQuery extends IntersectionType(PageQuery, AuditEventFilterQuery) {}

export const EXPORT_FORMATS = ['ndjson', 'csv'] as const;

export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** The query of an export. */
export class AuditEventExportQuery extends AuditEventFilterQuery {
  /** One JSON object a line, or comma-separated values with a header line. */
  @ApiProperty({ required: false, enum: EXPORT_FORMATS, default: 'ndjson' })
  @IsOptional()
  @IsIn(EXPORT_FORMATS)
  format: ExportFormat = 'ndjson';
}
