import { Body, Controller, Delete, ForbiddenException, Get, Post } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import type { Authenticated, BrowserSessionFacts } from '@scopegate/access';
import { JudgementService } from '../access/judgement.service.js';
import { ApplicationsService } from '../applications/applications.service.js';
import type { Exchange } from '../common/access/exchange.js';
import { CurrentCaller, CurrentExchange, NeedsSession, OpensSession } from '../common/access/route.decorators.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import type { DirectoryUser } from '../directory/directory-user.js';
import { IdentityProviderService } from '../oidc/identity-provider.service.js';
import { BrowserSessionsService } from './browser-sessions.service.js';
import { LoginDto, StepUpDto } from './dto/login.input.dto.js';
import { LoginMethodsDto, SessionDto } from './dto/session.dto.js';
import { toSessionDto } from './session.mapper.js';

const PATH = 'api/v1/session';

const MAX_LOGIN_BYTES = 8_192;

@ApiTags('Session')
@Controller(PATH)
export class SessionController {
  constructor(
    private readonly judgement: JudgementService,
    private readonly sessions: BrowserSessionsService,
    private readonly provider: IdentityProviderService,
    private readonly applications: ApplicationsService,
  ) {}

  @Post()
  @OpensSession()
  @ApiRoute({
    access: 'public',
    summary: 'Log in with the password',
    description:
      'For pages of this server: the answer sets the cookie of a new session, `__Host-scopegate`, or `scopegate` over ' +
      'plain http. A session that the browser had before ends. Wrong passwords are throttled as with Basic. A request ' +
      'from a page of another site is refused (403 `cross_origin_refused`).',
    status: 201,
    type: SessionDto,
    location: () => `/${PATH}`,
    isReplayable: false,
    maxBodyBytes: MAX_LOGIN_BYTES,
    body: {
      type: LoginDto,
      examples: { 'user name and password': { username: 'admin', password: 'correct horse battery' } },
    },
    problems: ['conflict'],
  })
  async createSession(@Body() input: LoginDto, @CurrentExchange() exchange: Exchange): Promise<SessionDto> {
    const { facts, passwordHash } = await this.#logIn(exchange, input.username, input.password);
    const session = await this.sessions.open(exchange, { method: 'password', passwordHash });
    return toSessionDto({ user: facts, session, logoutUrl: null, warnings: this.applications.consoleWarnings() });
  }

  @Get()
  @NeedsSession()
  @ApiRoute({
    access: 'authenticated',
    summary: 'Show the session of this browser',
    description: 'It does not make the session last longer, so a page can ask often. 401 without a session.',
    type: SessionDto,
  })
  async getSession(@CurrentCaller() caller: Authenticated): Promise<SessionDto> {
    const session = sessionOf(caller);
    const logoutUrl = session.method === 'oidc' ? await this.provider.logoutAddress() : null;
    const warnings = this.applications.consoleWarnings();
    return toSessionDto({ user: caller.principal, session, logoutUrl, warnings });
  }

  @Delete()
  @NeedsSession()
  @ApiRoute({
    access: 'authenticated',
    summary: 'Log out',
    description: 'The session ends on every node within a second, and the browser forgets the cookie.',
    status: 204,
  })
  async deleteSession(@CurrentExchange() exchange: Exchange): Promise<void> {
    await this.sessions.end(exchange);
  }

  @Get('methods')
  @ApiRoute({
    access: 'public',
    summary: 'Show how a user can log in',
    description: 'For the login page. It needs no credential.',
    type: LoginMethodsDto,
  })
  getLoginMethods(): LoginMethodsDto {
    const { label } = this.provider;
    return { password: true, oidc: label !== null, oidcLabel: label };
  }

  @Post('step-up')
  @NeedsSession()
  @ApiRoute({
    access: 'authenticated',
    summary: 'Check the password again',
    description:
      'Some changes need a login of the last 15 minutes (403 `step_up_required`). This call counts as one. Wrong ' +
      'passwords are throttled. A user of the identity provider opens `GET /api/v1/session/oidc?stepUp=true` instead.',
    status: 204,
    maxBodyBytes: MAX_LOGIN_BYTES,
    body: { type: StepUpDto, examples: { 'the password': { password: 'correct horse battery' } } },
    problems: ['conflict'],
  })
  async checkPassword(
    @Body() input: StepUpDto,
    @CurrentCaller() caller: Authenticated,
    @CurrentExchange() exchange: Exchange,
  ): Promise<void> {
    const session = sessionOf(caller);
    const { facts, passwordHash } = await this.#logIn(exchange, caller.principal.username, input.password);
    await this.sessions.noteStepUp(session, facts.id, passwordHash);
  }

  /** @throws the refusal that the exchange then has */
  async #logIn(exchange: Exchange, username: string, secret: string): Promise<DirectoryUser> {
    const user = await this.judgement.judgeLogin(exchange, { username, secret });
    if (user === null) throw new ForbiddenException();
    return user;
  }
}

function sessionOf({ browser }: Authenticated): BrowserSessionFacts {
  if (browser === undefined) throw new Error('This route needs the session of a browser.');
  return browser;
}
