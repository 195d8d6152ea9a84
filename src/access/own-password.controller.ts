import { Body, Controller, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { REASONS, type Authenticated } from '@scopegate/access';
import { CurrentActor, type Actor } from '../audit/actor.js';
import { CurrentCaller, PasswordLoginOnly } from '../common/access/route.decorators.js';
import { invalidField, ProblemException } from '../common/http/problem.exception.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import type { DirectoryUser } from '../directory/directory-user.js';
import { ChangePasswordDto } from '../directory/dto/user.input.dto.js';
import { UsersService } from '../directory/users.service.js';
import { FailureThrottle } from './failure.throttle.js';

@ApiTags('Me')
@Controller('api/v1/me')
export class OwnPasswordController {
  constructor(
    private readonly users: UsersService,
    private readonly throttle: FailureThrottle,
  ) {}

  @Post('password')
  @PasswordLoginOnly()
  @ApiRoute({
    access: 'authenticated',
    summary: 'Change your own password',
    description:
      'You must log in with your password. With a token this is refused, because a stolen token could ' +
      'otherwise become a password login that stays when the token ends. A wrong current password counts like a ' +
      'failed login.',
    status: 204,
    body: {
      type: ChangePasswordDto,
      examples: { 'the old one and the new one': { current: 'correct horse battery', new: 'staple correct horse' } },
    },
    problems: ['conflict', 'too_many_failures'],
  })
  async changePassword(
    @Body() input: ChangePasswordDto,
    @CurrentCaller() caller: Authenticated,
    @CurrentActor() actor: Actor,
  ): Promise<void> {
    const verified = await this.#checked(caller, input.current);
    await this.users.changeOwnPassword(verified, input.new, actor);
  }

  /** Counted as at a login (R51): who has only the session of a browser must not guess here. */
  async #checked({ admitted, principal }: Authenticated, current: string): Promise<DirectoryUser> {
    const credential = { kind: 'password', username: principal.username, secret: current } as const;
    let verified: DirectoryUser | null = null;
    const login = await this.throttle.attemptLogin({ ...admitted, credential }, async (origin) => {
      verified = await this.users.checkOwnPassword(principal, current, origin);
      return verified?.facts ?? null;
    });
    if (verified !== null) return verified;
    if (login.matched || login.retryAfterSeconds === undefined) {
      throw invalidField('current', 'is not your current password.');
    }
    const { detail } = REASONS.too_many_failures;
    throw new ProblemException('too_many_failures', detail, undefined, login.retryAfterSeconds);
  }
}
