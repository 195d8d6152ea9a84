import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { exportJWK, generateKeyPair } from 'jose';
import { Provider, type Context } from 'oidc-provider';
import { listen } from './listen.js';

export const OIDC_CLIENT = { id: 'scopegate', secret: 'a secret of the client / with "marks"' } as const;

/** Of an account at the provider. */
export type AccountClaims = Readonly<Record<string, unknown>>;

/** The provider of npm's `oidc-provider`, on a port of its own, with a login page of one field. */
export type OidcProvider = {
  readonly issuer: string;
  /** By the name that is typed at the login. Only these accounts exist. */
  readonly accounts: Map<string, AccountClaims>;
  /** Paths that were asked for, in their order, without queries. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
};

export type OidcProviderOptions = {
  /** Where the gateway is in the browser. */
  readonly publicUrl: string;
  /** Claims stand in the ID token, too. Default: the provider's own, at the userinfo endpoint only. */
  readonly claimsInToken?: boolean;
  /** The scopes and what they give. */
  readonly claims?: Readonly<Record<string, readonly string[]>>;
  /** How the client authenticates. */
  readonly method?: 'client_secret_basic' | 'client_secret_post' | 'none';
};

const CLAIMS = { openid: ['sub'], profile: ['name', 'preferred_username'], groups: ['groups'] };

/** @param port of the provider; one that is started again on the same port is the same issuer */
export async function startOidcProvider(options: OidcProviderOptions, port?: number): Promise<OidcProvider> {
  const accounts = new Map<string, AccountClaims>();
  const asked: string[] = [];
  let answer: (request: IncomingMessage, response: ServerResponse) => Promise<void> = () => Promise.resolve();
  const server = createServer((request, response) => {
    asked.push(request.url?.split('?', 1)[0] ?? '');
    void answer(request, response);
  });
  // Another site than the gateway at 127.0.0.1, as in the real world.
  const issuer = `http://localhost:${await listen(server, port)}`;
  const provider: Provider = new Provider(issuer, await configurationOf(options, accounts, () => provider));
  const protocol = provider.callback();
  answer = (request, response) =>
    request.url?.startsWith('/interaction/') === true
      ? answerLoginPage(provider, request, response)
      : protocol(request, response);
  return {
    issuer,
    accounts,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function configurationOf(
  { publicUrl, claimsInToken = false, claims = CLAIMS, method = 'client_secret_basic' }: OidcProviderOptions,
  accounts: ReadonlyMap<string, AccountClaims>,
  provider: () => Provider,
): Promise<Readonly<Record<string, unknown>>> {
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });
  return {
    clients: [
      {
        client_id: OIDC_CLIENT.id,
        ...(method === 'none' ? {} : { client_secret: OIDC_CLIENT.secret }),
        token_endpoint_auth_method: method,
        redirect_uris: [`${publicUrl}/api/v1/session/oidc/callback`],
        post_logout_redirect_uris: [`${publicUrl}/console/login`],
      },
    ],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), alg: 'RS256', use: 'sig', kid: 'first' }] },
    cookies: { keys: ['a key of the cookies of the provider'] },
    claims,
    conformIdTokenClaims: !claimsInToken,
    clientAuthMethods: [method],
    pkce: { required: () => true },
    // Otherwise it prints that it has chosen them.
    ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
    features: { devInteractions: { enabled: false }, rpInitiatedLogout: { logoutSource: answerLogoutPage } },
    interactions: { url: (_context: Context, { uid }: { readonly uid: string }) => `/interaction/${uid}` },
    findAccount: (_context: Context, accountId: string) => {
      const found = accounts.get(accountId);
      return found === undefined ? undefined : { accountId, claims: () => ({ sub: accountId, ...found }) };
    },
    // Nobody is asked for consent.
    loadExistingGrant: async ({ oidc: { client, session, params } }: Context) => {
      const grant = new (provider().Grant)({ accountId: session.accountId, clientId: client.clientId });
      grant.addOIDCScope(params.scope ?? 'openid');
      await grant.save();
      return grant;
    },
  };
}

const LOGIN_PAGE =
  '<!doctype html><title>Provider</title><form method="post"><input name="login" autofocus><button>Log in</button>' +
  '</form><form method="post"><input type="hidden" name="abort" value="1"><button id="abort">Cancel</button></form>';

/** The provider's own page would load a font from elsewhere. @param form has the id `op.logoutForm` */
function answerLogoutPage(context: { body: unknown }, form: string): void {
  context.body = `<!doctype html><title>Provider</title>${form}<button form="op.logoutForm" name="logout" value="yes">Log out</button>`;
}

async function answerLoginPage(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== 'POST') {
    response.writeHead(200, { 'Content-Type': 'text/html' }).end(LOGIN_PAGE);
    return;
  }
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  const form = new URLSearchParams(Buffer.concat(parts).toString());
  const result = form.has('abort')
    ? { error: 'access_denied', error_description: 'The user has cancelled.' }
    : { login: { accountId: form.get('login') ?? '' } };
  await provider.interactionFinished(request, response, result);
}
