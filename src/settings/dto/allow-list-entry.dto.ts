import { IsString, MaxLength } from 'class-validator';
import { WarningDto } from '../../common/swagger/warning.dto.js';

/** An entry to add to the allow list. */
export class AddAllowListEntryDto {
  /**
   * An address, a CIDR block or a first-last range.
   * @example 203.0.113.0/24
   */
  @IsString()
  @MaxLength(128)
  entry!: string;
}

/** An entry that was added. */
export class AllowListEntryDto {
  /**
   * The entry in its canonical spelling.
   * @example 203.0.113.0/24
   */
  entry!: string;

  /** Warnings about the settings. */
  warnings!: WarningDto[];
}
