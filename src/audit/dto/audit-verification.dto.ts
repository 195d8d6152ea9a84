import { ApiProperty } from '@nestjs/swagger';
import { CHAIN_BREAK_REASONS } from '@scopegate/audit';
import { IsOptional, IsString, MaxLength } from 'class-validator';

/** The part of the log to verify. Default: all of it. */
export class AuditVerificationInput {
  /**
   * From this time on: ISO 8601 with an offset.
   * @example 2026-11-01T00:00:00Z
   */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  from?: string;

  /**
   * Up to this time: ISO 8601 with an offset.
   * @example 2026-12-01T00:00:00Z
   */
  @IsOptional()
  @IsString()
  @MaxLength(64)
  to?: string;
}

/** The first place where the log differs from what was recorded. */
export class AuditChainBreakDto {
  /** The chain: `changes`, or the id of the node that recorded the requests. */
  chain!: string;

  /** The place in the chain, counted from 1. */
  sequence!: number;

  /** The event at this place; null if it is missing. */
  @ApiProperty({ type: String, nullable: true })
  eventId!: string | null;

  /** What happened to the event at this place. */
  @ApiProperty({ enum: CHAIN_BREAK_REASONS })
  reason!: string;
}

/** The result of a verification. */
export class AuditVerificationDto {
  /** Whether every event is unchanged, and none is missing or added. */
  intact!: boolean;

  /** How many events were checked. */
  checked!: number;

  /** How many chains they belong to: one for all changes, and one for the requests of each node. */
  chains!: number;

  @ApiProperty({ type: AuditChainBreakDto, nullable: true })
  firstBreak!: AuditChainBreakDto | null;
}
