import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Authenticated } from '@scopegate/access';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { CurrentCaller } from '../common/access/route.decorators.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { ChangePasswordDto } from './dto/user.input.dto.js';
import { UsersService } from './users.service.js';

@ApiTags('Me')
@Controller('api/v1/me')
export class OwnPasswordController {
  constructor(private readonly users: UsersService) {}

  @Post('password')
  @ApiRoute({
    summary: 'Change one’s own password',
    description:
      'For every user, logged in with the password. No token will do, whatever its scope: whoever got hold of one ' +
      'could turn it into a login that outlives it (`scope_insufficient`).',
    status: 204,
    body: {
      type: ChangePasswordDto,
      examples: { 'the old one and the new one': { current: 'correct horse battery', new: 'staple correct horse' } },
    },
    problems: ['conflict'],
  })
  async change(
    @Body() input: ChangePasswordDto,
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    if (caller.token !== null) {
      throw new ProblemException(
        'scope_insufficient',
        'No token can change a password, whatever its scope. Log in with your user name and password.',
      );
    }
    await this.users.changeOwnPassword(caller.principal, input.current, input.new, actor);
  }
}
