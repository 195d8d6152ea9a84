import { Controller, Get, Query, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { NO_ROUTE, type Admitted, type PrincipalFacts } from '@scopegate/access';
import { resolveClientAddress } from '@scopegate/network';
import type { FastifyReply } from 'fastify';
import { AccessPolicySnapshot } from '../access/access-policy.js';
import { JudgementService } from '../access/judgement.service.js';
import type { Actor } from '../audit/actor.js';
import type { Exchange } from '../common/access/exchange.js';
import { CurrentExchange } from '../common/access/route.decorators.js';
import { ProblemException } from '../common/http/problem.exception.js';
import { ApiRoute } from '../common/swagger/api-route.decorator.js';
import { BrowserSessionsService, type SessionOfUser } from '../sessions/browser-sessions.service.js';
import { OidcLoginQuery } from './dto/oidc-login.query.dto.js';
import { IdentityProviderService } from './identity-provider.service.js';
import type { LoginAttempt } from './login-attempt.js';
import { loginCookie, loginCookiesIn } from './login-cookie.js';
import { LoginFailure } from './login-failure.js';
import { OidcLoginService, type LoginAnswer } from './oidc-login.service.js';
import { OIDC_PATH } from './oidc.path.js';

const CONSOLE = '/console';

const LOGIN_PAGE = '/console/login';

/** Changes of groups are made in this name. */
const ACTOR = 'oidc';

/** R96. Both calls are for browsers: each answer leads to another page. */
@ApiTags('Session')
@Controller(OIDC_PATH)
export class OidcLoginController {
  constructor(
    private readonly logins: OidcLoginService,
    private readonly provider: IdentityProviderService,
    private readonly judgement: JudgementService,
    private readonly sessions: BrowserSessionsService,
    private readonly policy: AccessPolicySnapshot,
  ) {}

  @Get()
  @ApiRoute({
    access: 'public',
    summary: 'Log in at the identity provider (OpenID Connect)',
    description:
      'For browsers. Leads to the identity provider, which leads back to the callback. If the provider is away, it leads ' +
      'to the login page of the console, with a code in `problem`.',
    status: 302,
    problems: ['validation_failed', 'not_found'],
  })
  async beginLogin(
    @Query() { returnTo = CONSOLE, stepUp = false }: OidcLoginQuery,
    @CurrentExchange() exchange: Exchange,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    this.#requireProvider();
    await this.#leadOn(exchange, reply, async () => {
      const { location, sealed } = await this.logins.begin({
        returnTo,
        stepUp: stepUp ? await this.#sessionOf(exchange) : null,
        replaces: stepUp ? null : await this.#sessionBefore(exchange),
      });
      this.#sendCookie(exchange, sealed);
      return location;
    });
  }

  @Get('callback')
  @ApiRoute({
    access: 'public',
    summary: 'Finish a login at the identity provider',
    description:
      'The address that is registered at the identity provider. Leads to the console, with the cookie of a new session; ' +
      'or to its login page, with a code in `problem`.',
    status: 302,
    problems: ['not_found'],
  })
  async finishLogin(
    @CurrentExchange() exchange: Exchange,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<void> {
    this.#requireProvider();
    // Programs that only look whether a page is there would use the login up.
    if (exchange.facts.method !== 'GET') throw new ProblemException('method_not_allowed', 'The callback accepts GET.');
    await this.#leadOn(exchange, reply, async () => {
      const answer = this.#answerIn(exchange);
      const attempt = await this.logins.match(answer);
      this.#sendCookie(exchange, null);
      await this.#open(exchange, attempt, await this.logins.finish(attempt, answer));
      return attempt.returnTo;
    });
  }

  #requireProvider(): void {
    if (this.provider.label !== null) return;
    throw new ProblemException(
      'not_found',
      'There is no login at an identity provider here. SCOPEGATE_OIDC_ISSUER configures one: see docs/guides/oidc.md.',
    );
  }

  /** @param lead returns the address; a failed login leads to the login page, and is recorded */
  async #leadOn(exchange: Exchange, reply: FastifyReply, lead: () => Promise<string>): Promise<void> {
    this.judgement.requireRules();
    let location: string;
    try {
      location = await lead();
    } catch (error) {
      if (!(error instanceof LoginFailure)) throw error;
      const { code, reason, username } = error;
      exchange.login = { username, failure: { code, reason } };
      location = `${LOGIN_PAGE}?problem=${code}`;
    }
    void reply.header('Location', location);
  }

  /** @throws LoginFailure without a session: there is nothing to confirm */
  async #sessionOf(exchange: Exchange): Promise<SessionOfUser> {
    if (!(await this.judgement.judge(exchange, NO_ROUTE)) || exchange.authenticated?.browser === undefined) {
      throw new LoginFailure('oidc_login_lost', 'no_session');
    }
    const { principal, browser } = exchange.authenticated;
    return { id: browser.id, userId: principal.id };
  }

  async #sessionBefore(exchange: Exchange): Promise<SessionOfUser | null> {
    const session = await this.sessions.presented(this.#admit(exchange));
    return session === null ? null : { id: session.id, userId: session.userId };
  }

  #sendCookie(exchange: Exchange, sealed: string | null): void {
    exchange.response.appendHeader('Set-Cookie', loginCookie(sealed, this.provider.isSecure));
  }

  #answerIn(exchange: Exchange): LoginAnswer {
    const { head, query } = exchange.facts;
    return {
      query: query ?? '',
      cookies: loginCookiesIn(head, this.provider.isSecure),
      actor: this.#actorOf(exchange),
    };
  }

  #actorOf(exchange: Exchange): Actor {
    const { client, peer } = this.#admit(exchange).address;
    return {
      name: ACTOR,
      credential: null,
      tokenId: null,
      clientIp: client,
      peer,
      requestId: exchange.requestId,
      userAgent: exchange.facts.head.userAgent,
    };
  }

  /** No guard has judged the request: it has no credential yet. */
  #admit({ facts: request }: Exchange): Admitted {
    const policy = this.policy.current();
    const address = resolveClientAddress(request.peer, request.head.lines, policy.reverseProxy);
    const credential = { kind: 'none' } as const;
    return { kind: 'admitted', request, application: null, policy, path: null, credential, address };
  }

  async #open(exchange: Exchange, { stepUp, replaces }: LoginAttempt, principal: PrincipalFacts): Promise<void> {
    exchange.authenticated = { kind: 'authenticated', admitted: this.#admit(exchange), principal, token: null };
    try {
      if (stepUp === null) await this.sessions.open(exchange, { method: 'oidc', passwordHash: null, replaces });
      else await this.sessions.noteStepUp(stepUp, principal.id, null);
    } catch (error) {
      if (!(error instanceof ProblemException && error.code === 'conflict')) throw error;
      throw new LoginFailure('oidc_user_refused', 'changed', principal.username);
    }
    exchange.login = { username: principal.username, failure: null };
  }
}
