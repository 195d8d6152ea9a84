import { Controller, Get } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { creationNotice, heldPermissions } from '@scopegate/permission';
import { offeredValidities } from '@scopegate/token';
import { CurrentCaller } from '../common/access/route.decorators.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { DirectoryService } from '../directory/directory.service.js';
import { PermissionsService } from '../permissions/permissions.service.js';
import { SettingsService } from '../settings/settings.service.js';
import { MeDto } from './dto/me.dto.js';

@ApiTags('Me')
@Controller('api/v1/me')
export class MeController {
  constructor(
    private readonly directory: DirectoryService,
    private readonly permissions: PermissionsService,
    private readonly settings: SettingsService,
  ) {}

  @Get()
  @ApiRoute({
    access: 'authenticated',
    summary: 'Show the caller and its permissions',
    description: 'A lost permission shows at once, with a text that explains it.',
    type: MeDto,
  })
  getMe(@CurrentCaller() caller: Authenticated): MeDto {
    const user = caller.principal;
    const permissions = this.permissions.current();
    const held = heldPermissions(permissions, user.groups);
    const notice = creationNotice(held, permissions);
    const { maximum } = this.settings.current().tokenValidity;
    return {
      username: user.username,
      displayName: user.displayName,
      groups: [...user.groups].sort(),
      administrator: this.directory.isAdministrator(user),
      permissions: {
        useTokens: held.useTokens,
        createForSelf: held.createForSelf,
        createOnBehalf: held.createOnBehalf,
      },
      tokenCreation: {
        available: notice.available,
        message: notice.message,
        scopes: [...notice.scopes],
        validities: [...offeredValidities(maximum)],
        maximum,
      },
    };
  }
}
