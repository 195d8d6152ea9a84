import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { base64url, exportJWK, generateKeyPair, SignJWT, type CryptoKey } from 'jose';
import { listen } from './listen.js';
import { OIDC_CLIENT } from './oidc.provider.js';

/** What the provider says instead of the truth. */
export type Lie = {
  /** Of the ID token; null leaves the claim out. */
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Default: with the key that it publishes. */
  readonly signature?: 'other-key' | 'none' | 'client-secret' | 'broken';
  /** In place of the tokens. */
  readonly token?: { readonly status: number; readonly body: string; readonly type?: string };
  /** Answers nothing at these paths. */
  readonly hangsAt?: readonly string[];
  /** Of the metadata. */
  readonly metadata?: Readonly<Record<string, unknown>>;
};

/** A provider that takes every code as often as it comes, and signs whatever a test wants. */
export type LyingProvider = {
  readonly issuer: string;
  lie: Lie;
  /** The bodies and Authorization lines at the token endpoint. */
  readonly redeemed: { readonly form: URLSearchParams; readonly authorization: string | undefined }[];
  stop(): Promise<void>;
};

export async function startLyingProvider(): Promise<LyingProvider> {
  const { publicKey, privateKey } = await generateKeyPair('RS256');
  const other = await generateKeyPair('RS256');
  const jwks = JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid: 'first', alg: 'RS256', use: 'sig' }] });
  const redeemed: LyingProvider['redeemed'] = [];
  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = request.url?.split('?', 1)[0] ?? '';
    const { lie, issuer } = provider;
    if (lie.hangsAt?.includes(path) === true) return;
    const send = (status: number, body: string, type = 'application/json'): void => {
      response.writeHead(status, { 'Content-Type': type }).end(body);
    };
    switch (path) {
      case '/.well-known/openid-configuration':
        send(200, JSON.stringify({ ...metadataOf(issuer), ...lie.metadata }));
        return;
      case '/jwks':
        send(200, jwks);
        return;
      case '/token':
        redeemed.push({
          form: new URLSearchParams(await readText(request)),
          authorization: request.headers.authorization,
        });
        if (lie.token === undefined) {
          const token = await idTokenOf(lie, claimsOf(issuer, lie), { own: privateKey, other: other.privateKey });
          send(200, JSON.stringify({ access_token: 'an access token', token_type: 'Bearer', id_token: token }));
        } else {
          send(lie.token.status, lie.token.body, lie.token.type);
        }
        return;
      default:
        send(404, '{}');
    }
  };
  const server = createServer((request, response) => void answer(request, response));
  const provider: LyingProvider = {
    issuer: `http://127.0.0.1:${await listen(server)}`,
    lie: {},
    redeemed,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return provider;
}

function metadataOf(issuer: string): Readonly<Record<string, unknown>> {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/jwks`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    // An honest one never lists "none" and a symmetric algorithm.
    id_token_signing_alg_values_supported: ['RS256', 'HS256', 'none'],
    authorization_response_iss_parameter_supported: true,
  };
}

function claimsOf(issuer: string, { claims }: Lie): Readonly<Record<string, unknown>> {
  const now = Math.floor(Date.now() / 1_000);
  const all = { iss: issuer, aud: OIDC_CLIENT.id, sub: 'a subject', iat: now, exp: now + 60, ...claims };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null));
}

async function idTokenOf(
  { signature }: Lie,
  claims: Readonly<Record<string, unknown>>,
  keys: { readonly own: CryptoKey; readonly other: CryptoKey },
): Promise<string> {
  if (signature === 'none') {
    const [header, payload] = [{ alg: 'none' }, claims].map((part) => base64url.encode(JSON.stringify(part)));
    return `${header}.${payload}.`;
  }
  if (signature === 'client-secret') {
    return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.from(OIDC_CLIENT.secret));
  }
  const key = signature === 'other-key' ? keys.other : keys.own;
  const token = await new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'first' }).sign(key);
  return signature === 'broken' ? `${token.slice(0, -8)}AAAAAAAA` : token;
}

async function readText(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts).toString();
}
