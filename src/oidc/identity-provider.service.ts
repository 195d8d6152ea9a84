import { Inject, Injectable, Logger } from '@nestjs/common';
import type { Claims } from '@scopegate/access';
import * as client from 'openid-client';
import { Clock } from '../common/time/clock.js';
import { inTime } from '../common/time/in-time.js';
import { CONFIGURATION } from '../config/config.module.js';
import type { Configuration } from '../config/env.js';
import type { OidcConfiguration } from '../config/oidc-configuration.js';
import { boundedFetch } from './bounded-fetch.js';
import type { LoginAttempt } from './login-attempt.js';
import { LoginFailure } from './login-failure.js';
import { OIDC_CALLBACK_PATH } from './oidc.path.js';
import { providerFailure } from './provider-failure.js';

/** For one answer of the provider. */
const TIMEOUT_SECONDS = 5;

/** Keys are read more often: `openid-client` keeps them for five minutes. */
const METADATA_LIFE_MS = 3_600_000;

/** A provider that is away is not asked again before that. */
const PAUSE_MS = 5_000;

const LOGOUT_WAIT_MS = 1_000;

/** Codes that one node redeems at a time: anyone may begin a login. */
const MAX_AT_ONCE = 32;

interface KnownProvider {
  readonly provider: client.Configuration;
  readonly readAtTick: number;
}

interface Settings extends OidcConfiguration {
  /** The whole address of the callback, as it is registered at the provider. */
  readonly callback: string;
  /** Where the provider sends the browser after a logout. */
  readonly loginPage: string;
}

/**
 * The provider of R96. It is asked for the first time when somebody logs in: a provider that is away delays no start
 * and no other login.
 */
@Injectable()
export class IdentityProviderService {
  readonly #logger = new Logger(IdentityProviderService.name);
  readonly #settings: Settings | null;
  #known: KnownProvider | null = null;
  #asking: Promise<client.Configuration> | null = null;
  #redeeming = 0;
  #failedAtTick = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly clock: Clock,
    @Inject(CONFIGURATION) { oidc, publicUrl }: Pick<Configuration, 'oidc' | 'publicUrl'>,
  ) {
    this.#settings =
      oidc === null || publicUrl === null
        ? null
        : { ...oidc, callback: publicUrl + OIDC_CALLBACK_PATH, loginPage: `${publicUrl}/console/login` };
  }

  /** The host of the provider, for the button of the login page; null if there is no provider. */
  get label(): string | null {
    return this.#settings === null ? null : new URL(this.#settings.issuer).host;
  }

  /** The cookie of a login is for https only. */
  get isSecure(): boolean {
    return this.#settings?.callback.startsWith('https:') === true;
  }

  /** Null: a login changes no group. */
  get groupsClaim(): string | null {
    return this.#need().groupsClaim;
  }

  get usernameClaim(): string {
    return this.#need().usernameClaim;
  }

  /** Where a login begins. @throws LoginFailure if the provider is away */
  async loginAddress({ state, nonce, verifier, stepUp }: LoginAttempt): Promise<string> {
    const provider = await this.#find();
    return client.buildAuthorizationUrl(provider, {
      redirect_uri: this.#need().callback,
      response_type: 'code',
      scope: this.#scopesAt(provider),
      state,
      nonce,
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      ...(stepUp === null ? {} : { prompt: 'login', max_age: '0' }),
    }).href;
  }

  /**
   * Redeems the code, and checks the ID token: signature, issuer, audience, times and nonce; for a step-up also that the
   * user has logged in since it began.
   * @param query of the callback, as it came
   * @throws LoginFailure
   */
  async claimsOf(query: string, attempt: LoginAttempt): Promise<Claims> {
    const callback = new URL(this.#need().callback);
    callback.search = query;
    const provider = await this.#find();
    if (this.#redeeming >= MAX_AT_ONCE) throw new LoginFailure('oidc_unavailable', 'busy');
    this.#redeeming += 1;
    try {
      const tokens = await client.authorizationCodeGrant(provider, callback, {
        expectedState: attempt.state,
        expectedNonce: attempt.nonce,
        pkceCodeVerifier: attempt.verifier,
        idTokenExpected: true,
        ...(attempt.stepUp === null ? {} : { maxAge: this.#secondsSince(attempt) }),
      });
      const claims = tokens.claims();
      if (claims === undefined) throw new LoginFailure('oidc_answer_invalid', 'id_token');
      if (!this.#asksForMore(claims, provider)) return claims;
      // Many providers have names and groups here only. What is signed counts first.
      return { ...(await client.fetchUserInfo(provider, tokens.access_token, claims.sub)), ...claims };
    } catch (error) {
      const failure = this.#noteFailure(providerFailure(error));
      throw failure.reason.endsWith(': auth_time') ? new LoginFailure('oidc_step_up_refused', failure.reason) : failure;
    } finally {
      this.#redeeming -= 1;
    }
  }

  /**
   * Where the browser ends the session at the provider, too (OpenID Connect RP-Initiated Logout 1.0). Null if the
   * provider offers none, or is away.
   */
  async logoutAddress(): Promise<string | null> {
    if (this.#settings === null) return null;
    // The page of the console waits for this.
    const provider = await inTime(this.#find(), LOGOUT_WAIT_MS, tooLate).catch(() => null);
    if (provider?.serverMetadata().end_session_endpoint === undefined) return null;
    return client.buildEndSessionUrl(provider, { post_logout_redirect_uri: this.#settings.loginPage }).href;
  }

  #need(): Settings {
    if (this.#settings === null) throw new Error('There is no identity provider.');
    return this.#settings;
  }

  /** A provider that knows a scope with the name of a claim gives the claim to those who ask for the scope. */
  #scopesAt(provider: client.Configuration): string {
    const { usernameClaim, groupsClaim } = this.#need();
    const offered = provider.serverMetadata().scopes_supported ?? [];
    const more = [usernameClaim, groupsClaim].filter((claim) => claim !== null && offered.includes(claim));
    return [...new Set(['openid', 'profile', ...more])].join(' ');
  }

  #asksForMore(claims: Claims, provider: client.Configuration): boolean {
    if (provider.serverMetadata().userinfo_endpoint === undefined) return false;
    const { usernameClaim, groupsClaim } = this.#need();
    return !(usernameClaim in claims) || (groupsClaim !== null && !(groupsClaim in claims));
  }

  #secondsSince({ startedAtMs }: LoginAttempt): number {
    return Math.max(0, Math.ceil((this.clock.nowMs() - startedAtMs) / 1_000));
  }

  /** Old metadata stays in use while the provider is away. @throws LoginFailure */
  async #find(): Promise<client.Configuration> {
    const nowTick = performance.now();
    const known = this.#known;
    if (known !== null && nowTick - known.readAtTick < METADATA_LIFE_MS) return known.provider;
    if (nowTick - this.#failedAtTick < PAUSE_MS) {
      if (known !== null) return known.provider;
      throw new LoginFailure('oidc_unavailable', 'pause');
    }
    this.#asking ??= this.#discover().finally(() => (this.#asking = null));
    try {
      return await this.#asking;
    } catch (error) {
      this.#failedAtTick = performance.now();
      const failure = this.#noteFailure(providerFailure(error));
      if (known !== null) return known.provider;
      throw new LoginFailure('oidc_unavailable', failure.reason);
    }
  }

  async #discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.#need();
    const server = new URL(issuer);
    const provider = await client.discovery(server, clientId, {}, authenticationWith(clientSecret), {
      timeout: TIMEOUT_SECONDS,
      [client.customFetch]: boundedFetch,
      execute: [
        client.enableNonRepudiationChecks,
        // Deprecated so that it stands out. The configuration takes http only for a provider on this machine.
        // oxlint-disable-next-line typescript/no-deprecated
        ...(server.protocol === 'http:' ? [client.allowInsecureRequests] : []),
      ],
    });
    // For some vendors the library accepts another name, under which every customer of the vendor could log in.
    const named = provider.serverMetadata().issuer;
    if (!URL.canParse(named) || new URL(named).href !== server.href) {
      throw new LoginFailure('oidc_unavailable', 'issuer');
    }
    this.#known = { provider, readAtTick: performance.now() };
    return provider;
  }

  /** The texts of the library may contain tokens: the log gets codes only. */
  #noteFailure(failure: LoginFailure): LoginFailure {
    if (failure.code === 'oidc_unavailable' && failure.reason !== 'pause') {
      this.#logger.warn('The identity provider cannot be used.', {
        issuer: this.#need().issuer,
        reason: failure.reason,
      });
    }
    return failure;
  }
}

function tooLate(): LoginFailure {
  return new LoginFailure('oidc_unavailable', 'late');
}

/** RFC 6749 2.3.1: Basic, unless the provider takes the secret in the body only. */
function authenticationWith(secret: string | null): client.ClientAuth {
  if (secret === null) return client.None();
  const basic = client.ClientSecretBasic(secret);
  const post = client.ClientSecretPost(secret);
  return (provider, self, body, headers) => {
    const methods = provider.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    const isPost = !methods.includes('client_secret_basic') && methods.includes('client_secret_post');
    (isPost ? post : basic)(provider, self, body, headers);
  };
}
