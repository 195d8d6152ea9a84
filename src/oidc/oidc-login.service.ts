import { Injectable } from '@nestjs/common';
import { claimedGroups, claimedUserName, type PrincipalFacts } from '@scopegate/access';
import type { Actor } from '../audit/actor.js';
import { Clock } from '../common/time/clock.js';
import { ClaimedGroupsService } from '../directory/claimed-groups.service.js';
import { DirectoryService } from '../directory/directory.service.js';
import { SecretBox } from '../keys/secret-box.js';
import { IdentityProviderService } from './identity-provider.service.js';
import { isOver, newAttempt, openAttempt, sealAttempt, type LoginAttempt } from './login-attempt.js';
import { LoginFailure } from './login-failure.js';
import { LoginThrottle } from './login.throttle.js';
import { UsedLogins } from './used-logins.js';

export interface BegunLogin {
  /** At the provider. */
  readonly location: string;
  /** For the cookie. */
  readonly sealed: string;
}

/** What came to the callback. */
export interface LoginAnswer {
  readonly query: string;
  /** The values of the cookie of the login. */
  readonly cookies: readonly string[];
  /** Without a user name: changes of groups are made in the provider's name. */
  readonly actor: Actor;
}

/** R96: login at the identity provider, with code, PKCE, state, nonce and issuer. */
@Injectable()
export class OidcLoginService {
  constructor(
    private readonly provider: IdentityProviderService,
    private readonly directory: DirectoryService,
    private readonly groups: ClaimedGroupsService,
    private readonly throttle: LoginThrottle,
    private readonly used: UsedLogins,
    private readonly box: SecretBox,
    private readonly clock: Clock,
  ) {}

  /** @throws LoginFailure if the provider is away */
  async begin(begun: Pick<LoginAttempt, 'returnTo' | 'stepUp' | 'replaces'>): Promise<BegunLogin> {
    const attempt = newAttempt({ ...begun, startedAtMs: this.clock.nowMs() });
    return { location: await this.provider.loginAddress(attempt), sealed: sealAttempt(this.box, attempt) };
  }

  /**
   * The login that this browser has begun and that the answer belongs to. Only then is anybody asked, and the login used
   * up: what comes from elsewhere neither costs anything nor ends it.
   * @throws LoginFailure
   */
  async match({ query, cookies, actor }: LoginAnswer): Promise<LoginAttempt> {
    try {
      return this.#attemptOf(query, cookies);
    } catch (error) {
      throw await this.#counted(error, false, actor.clientIp);
    }
  }

  /**
   * @returns the user to log in
   * @throws LoginFailure
   */
  async finish(attempt: LoginAttempt, { query, actor }: LoginAnswer): Promise<PrincipalFacts> {
    try {
      await this.throttle.requireFewFailures(actor.clientIp);
      return await this.#userOf(attempt, query, actor);
    } catch (error) {
      throw await this.#counted(error, true, actor.clientIp);
    }
  }

  #attemptOf(query: string, [sealed, ...others]: readonly string[]): LoginAttempt {
    if (sealed === undefined || others.length > 0) {
      throw new LoginFailure('oidc_login_lost', sealed === undefined ? 'no_cookie' : 'cookies');
    }
    const attempt = openAttempt(this.box, sealed);
    if (attempt === null) throw new LoginFailure('oidc_login_lost', 'cookie');
    const states = new URLSearchParams(query).getAll('state');
    if (states.length !== 1 || states[0] !== attempt.state) throw new LoginFailure('oidc_login_lost', 'state');
    return attempt;
  }

  async #userOf(attempt: LoginAttempt, query: string, actor: Actor): Promise<PrincipalFacts> {
    if (isOver(attempt, this.clock.nowMs())) throw new LoginFailure('oidc_login_lost', 'expired');
    const claims = await this.provider.claimsOf(query, attempt);
    const username = claimedUserName(claims, this.provider.usernameClaim);
    if (username === null) throw new LoginFailure('oidc_user_refused', 'claim');
    const { groupsClaim } = this.provider;
    const names = groupsClaim === null ? [] : claimedGroups(claims, groupsClaim);
    if (names === null) throw new LoginFailure('oidc_answer_invalid', 'groups', username);
    const user = await this.directory.findByName(username);
    // One answer for both: whoever logs in at the provider learns nothing about other accounts.
    if (user === null || !user.active) {
      throw new LoginFailure('oidc_user_refused', user === null ? 'unknown' : 'inactive', username);
    }
    if (attempt.stepUp !== null && attempt.stepUp.userId !== user.id) {
      throw new LoginFailure('oidc_step_up_refused', 'user', username);
    }
    await this.used.use(attempt);
    if (groupsClaim !== null && !(await this.groups.apply(user.id, names, actor))) {
      throw new LoginFailure('oidc_user_refused', 'inactive', username);
    }
    return user;
  }

  async #counted(error: unknown, wasAsked: boolean, address: string | null): Promise<unknown> {
    return error instanceof LoginFailure ? this.throttle.count(error, wasAsked, address) : error;
  }
}
