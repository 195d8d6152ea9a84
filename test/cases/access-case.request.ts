import { LOOPBACK, USUAL_TOKENS, type AccessCase, type CaseCredential, type CaseToken } from './access-case.js';

/** One header line. */
export type Line = readonly [name: string, value: string];

/** The cookie of a session that was made with a token; `<cookie>` stands for its value among the secrets. */
const SESSION_COOKIE = 'JSESSIONID=<cookie>';

/** The tokens of a case: the usual ones, and its own. */
export function tokensOf(row: AccessCase): Readonly<Record<string, CaseToken>> {
  return { ...USUAL_TOKENS, ...row.tokens };
}

/** A text with the secrets of its tokens filled in. */
export function fillSecrets(text: string, secrets: ReadonlyMap<string, string>): string {
  return text.replace(/<([a-z]+)>/g, (placeholder, name: string) => secrets.get(name) ?? placeholder);
}

/**
 * The header lines that a request is sent with.
 * @param besides more lines, which the way of sending needs
 */
export function linesOf(
  row: AccessCase,
  secrets: ReadonlyMap<string, string>,
  host: string,
  besides: readonly Line[] = [],
): readonly Line[] {
  const { request } = row;
  const lines: Line[] = request.withoutHost === true ? [] : [['Host', host]];
  lines.push(...besides, ...credentialLines(request.credential, secrets));
  const cookie = request.sessionCookie ?? (request.session === undefined ? undefined : SESSION_COOKIE);
  if (cookie !== undefined) lines.push(['Cookie', fillSecrets(cookie, secrets)]);
  for (const [name, value] of request.headers ?? []) {
    lines.push([name, fillSecrets(value, secrets).replaceAll('<host>', host)]);
  }
  if (request.body !== undefined) {
    if (!hasLine(lines, 'content-type')) lines.push(['Content-Type', 'application/json']);
    if (!hasLine(lines, 'transfer-encoding')) {
      lines.push(['Content-Length', String(Buffer.byteLength(fillSecrets(request.body, secrets)))]);
    }
  }
  for (let filler = 1; lines.length < (request.lineCount ?? 0); filler += 1) lines.push([`X-Filler-${filler}`, '1']);
  return lines;
}

function credentialLines(credential: CaseCredential | undefined, secrets: ReadonlyMap<string, string>): Line[] {
  switch (credential?.kind) {
    case undefined:
      return [];
    case 'basic': {
      const pair = fillSecrets(`${credential.user}:${credential.secret}`, secrets);
      return [
        [
          'Authorization',
          `${credential.scheme} ${Buffer.from(pair, credential.charset === undefined ? 'utf8' : 'latin1').toString('base64')}`,
        ],
      ];
    }
    case 'bearer':
      return [['Authorization', `${credential.scheme} ${fillSecrets(credential.secret, secrets)}`]];
    case 'raw':
      return credential.lines.map((line): Line => ['Authorization', fillSecrets(line, secrets)]);
    case 'cookie':
      return [['Cookie', credential.value]];
  }
}

function hasLine(lines: readonly Line[], name: string): boolean {
  return lines.some(([candidate]) => candidate.toLowerCase() === name);
}

/** The address that a case attributes its request to, unless it expects another. */
export function peerOf(row: AccessCase): string {
  return row.request.peer ?? LOOPBACK;
}
