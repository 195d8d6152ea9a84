import { IsString, Length, MaxLength } from 'class-validator';

/** A login with the password. */
export class LoginDto {
  /**
   * It is compared without case.
   * @example admin
   */
  @IsString()
  @Length(1, 255)
  username!: string;

  /** @example correct horse battery */
  @IsString()
  @MaxLength(1024)
  password!: string;
}

/** The password of the caller, again. */
export class StepUpDto {
  /** @example correct horse battery */
  @IsString()
  @MaxLength(1024)
  password!: string;
}
