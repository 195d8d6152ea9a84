import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { CurrentCaller, PasswordLoginOnly } from '../common/access/route.decorators.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { ChangePasswordDto } from './dto/user.input.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Me')
@Controller('api/v1/me')
export class OwnPasswordController {
  constructor(private readonly users: UsersService) {}

  @Post('password')
  @PasswordLoginOnly()
  @ApiRoute({
    access: 'authenticated',
    summary: 'Change your own password',
    description:
      'You must log in with your password. With a token this is refused, because a stolen token could ' +
      'otherwise become a password login that stays when the token ends.',
    status: 204,
    body: {
      type: ChangePasswordDto,
      examples: { 'the old one and the new one': { current: 'correct horse battery', new: 'staple correct horse' } },
    },
    problems: ['conflict'],
  })
  async changePassword(
    @Body() input: ChangePasswordDto,
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    await this.users.changeOwnPassword(caller.principal, input.current, input.new, actor);
  }
}
