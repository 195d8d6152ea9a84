import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CredentialKind, ReasonCode } from '@scopegate/access';
import type { ApplicationKind } from '@scopegate/product';
import {
  allowed,
  authorization,
  bearerToken,
  denied,
  passed,
  type AccessCase,
  type CaseCredential,
  type CaseExpectation,
} from './access-case.js';

/** A credential as it is presented, of `test/corpora/basic.json`. */
type PresentedRow = {
  readonly id: string;
  /** User and secret before Base64; or the line as it is. */
  readonly credentials?: string;
  readonly authorization?: string;
  readonly charset?: 'iso-8859-1';
  readonly application?: ApplicationKind;
  readonly path?: string;
  readonly passwords?: false;
  readonly nativeTokens?: false;
  readonly expected: {
    readonly status: number;
    readonly code?: ReasonCode;
    readonly detail?: string;
    readonly credential: CredentialKind;
    readonly user?: string;
  };
  readonly why: string;
};

/** A path, of `test/corpora/paths.json`. */
type PathRow = {
  readonly id: string;
  readonly target: string;
  readonly kind?: ApplicationKind;
  readonly canonical?: string;
  readonly why: string;
};

/** A path and a read-only exception, of `test/corpora/paths.json`. */
type ExceptionRow = {
  readonly id: string;
  readonly exception: string;
  readonly target: string;
  readonly status: 200 | 400 | 403;
  readonly canonical?: string;
  readonly why: string;
};

function readCorpus<Corpus>(name: string): Corpus {
  return JSON.parse(readFileSync(join(import.meta.dirname, '../corpora', name), 'utf8')) as Corpus;
}

const { presented } = readCorpus<{ readonly presented: readonly PresentedRow[] }>('basic.json');
const { cases, exceptions } = readCorpus<{
  readonly cases: readonly PathRow[];
  readonly exceptions: readonly ExceptionRow[];
}>('paths.json');

function credentialOf({ credentials, authorization: line, charset }: PresentedRow): CaseCredential {
  if (credentials === undefined) return authorization(line ?? '');
  const colon = credentials.indexOf(':');
  return {
    kind: 'basic',
    user: credentials.slice(0, colon),
    secret: credentials.slice(colon + 1),
    scheme: 'Basic',
    ...(charset === undefined ? {} : { charset }),
  };
}

/** Reasons that the audit keeps and the client is not told. */
const NOT_TOLD: ReadonlySet<ReasonCode> = new Set(['owner_mismatch', 'token_malformed', 'credential_malformed']);

function expectationOf({ expected }: PresentedRow): CaseExpectation {
  const { status, code, detail, credential, user } = expected;
  if (code === undefined) return user === undefined ? passed({}, { credential }) : allowed({ user }, { credential });
  return denied(code, status, {
    credential,
    ...(detail === undefined ? {} : { detail }),
    ...(NOT_TOLD.has(code) ? { publicCode: 'credential_invalid' } : {}),
  });
}

const NO_EXCEPTION: Readonly<Record<400 | 403, CaseExpectation>> = {
  400: denied('path_ambiguous', 400),
  403: denied('scope_insufficient', 403),
};

/** A backslash is refused with the form of the request. */
const NO_URI = denied('request_malformed', 400, { credential: 'none' });

/** The rows of the corpora that say what becomes of a whole request. */
export const CORPUS_CASES: readonly AccessCase[] = [
  ...presented.map((row): AccessCase => ({
    name: `basic.json ${row.id}: ${row.why}`,
    requirement: row.application === 'bitbucket' ? ['R53', 'R67'] : ['R67', 'R109'],
    settings: { passwordsEnabled: row.passwords ?? true },
    application: { kind: row.application ?? 'jira', nativeTokensDisabled: row.nativeTokens === false },
    tokens: { unknown: { scope: 'read-only', unknown: true } },
    request: { path: row.path ?? '/rest/api/2/myself', credential: credentialOf(row) },
    expect: expectationOf(row),
  })),
  ...cases
    .filter(({ kind }) => kind === 'generic')
    .map(({ id, target, canonical, why }): AccessCase => {
      const [path = '', query] = target.split('?');
      return {
        name: `paths.json ${id}: ${target} with a token: ${why}`,
        requirement: 'R48',
        application: { kind: 'generic' },
        request: { path, ...(query === undefined ? {} : { query }), credential: bearerToken('ro') },
        expect:
          canonical !== undefined ? allowed({ path: canonical }) : path.includes('\\') ? NO_URI : NO_EXCEPTION[400],
      };
    }),
  ...exceptions.map(({ id, exception, target, status, canonical, why }): AccessCase => ({
    name: `paths.json ${id}: the exception ${exception} and a POST to ${target}: ${why}`,
    requirement: 'R13',
    application: { kind: 'generic', exceptions: [{ method: 'POST', path: exception }] },
    request: { method: 'POST', path: target, credential: bearerToken('ro'), body: '{}' },
    expect: status === 200 ? allowed({ path: canonical ?? target }) : NO_EXCEPTION[status],
  })),
];
