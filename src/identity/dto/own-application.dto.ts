import { ApiProperty } from '@nestjs/swagger';
import { APPLICATION_KINDS, type ApplicationKind } from '@scopegate/product';
import { MountDto } from '../../applications/dto/mount.dto.js';

/** What everybody may know of an application: how to reach it, and what it needs of its users. */
export class OwnApplicationDto {
  /** @example jira */
  key!: string;

  /** @example Jira */
  name!: string;

  @ApiProperty({ enum: APPLICATION_KINDS })
  kind!: ApplicationKind;

  mount!: MountDto;

  /** Whether token requests go there with a credential that each user has stored: see `PUT /me/credentials/{application}`. */
  takesCredential!: boolean;
}

/** One page of applications. */
export class OwnApplicationPageDto {
  items!: OwnApplicationDto[];

  /** Send it as `cursor` to get the next page; null on the last page. */
  nextCursor!: string | null;
}
