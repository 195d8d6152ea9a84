import { describe, expect, it } from 'vitest';
import type { Reason } from './reason.js';
import { REASONS, type ReasonCode } from './reasons.js';
import { STAGES } from './stages.js';

const ENTRIES: readonly (readonly [string, Reason])[] = Object.entries(REASONS);

/** The codes a client may see, by their status, as the contract lists them. */
const PUBLIC_CODES: Readonly<Record<number, readonly string[]>> = {
  400: ['request_malformed', 'path_ambiguous', 'credential_ambiguous'],
  401: [
    'authentication_required',
    'credential_invalid',
    'credential_misplaced',
    'token_expired',
    'token_revoked',
    'ip_not_allowed',
    'password_disabled',
    'native_token_disabled',
    'remote_api_needs_password',
    'token_not_accepted',
    'session_expired',
  ],
  403: [
    'scope_insufficient',
    'use_not_permitted',
    'native_token_management_disabled',
    'path_blocked',
    'destination_not_allowed',
    'administrator_required',
    'upstream_credential_missing',
    'proxy_not_trusted',
    'body_needed',
    'cross_origin_refused',
    'step_up_required',
  ],
  405: ['method_not_allowed'],
  429: ['too_many_failures'],
  431: ['headers_too_large'],
  502: ['upstream_credential_rejected'],
  505: ['request_malformed'],
};

describe('the list of reasons', () => {
  it.each(ENTRIES)('R55: %s answers with a code that belongs to its status', (_code, reason) => {
    expect(PUBLIC_CODES[reason.status]).toContain(reason.publicCode);
    expect(STAGES).toContain(reason.stage);
  });

  it.each(ENTRIES)('R55: %s says in whole sentences what is wrong and what to do', (_code, reason) => {
    expect(reason.title).toMatch(/^[A-Z].*[^.]$/);
    expect(reason.detail).toMatch(/^[A-Z].*\.$/);
  });

  it('R56: the audit tells apart what the client does not', () => {
    const general = ENTRIES.filter(([, { publicCode }]) => publicCode === 'credential_invalid').map(([code]) => code);
    expect(general.toSorted()).toEqual(
      [
        'credential_malformed',
        'owner_inactive',
        'owner_mismatch',
        'password_wrong',
        'token_malformed',
        'token_unknown',
      ].toSorted(),
    );
  });

  it('R56: the client has one and the same answer for every token that does not match', () => {
    const codes = ['token_unknown', 'owner_mismatch', 'owner_inactive'];
    const answers = codes.map((code) => {
      const { status, publicCode, title, detail } = REASONS[code as ReasonCode];
      return JSON.stringify({ status, publicCode, title, detail });
    });
    expect(new Set(answers).size).toBe(1);
  });

  it('R56: every failure that the audit has to tell apart has a code of its own', () => {
    expect(Object.keys(REASONS)).toEqual(
      expect.arrayContaining([
        'token_unknown',
        'owner_mismatch',
        'token_expired',
        'token_revoked',
        'ip_not_allowed',
        'password_disabled',
        'too_many_failures',
      ]),
    );
  });

  it('R34: an address is judged before anything is said of the token', () => {
    const stageOf = (code: ReasonCode): number => STAGES.indexOf(REASONS[code].stage);
    expect(stageOf('ip_not_allowed')).toBeLessThan(stageOf('token_unknown'));
    expect(stageOf('path_ambiguous')).toBeLessThan(stageOf('credential_malformed'));
    expect(stageOf('token_expired')).toBeLessThan(stageOf('token_not_accepted'));
    expect(stageOf('use_not_permitted')).toBeLessThan(stageOf('scope_insufficient'));
  });
});
