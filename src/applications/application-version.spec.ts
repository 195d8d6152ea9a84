import { describe, expect, it } from 'vitest';
import { productOf } from '@scopegate/product';
import { decideVersions, describeMissingVersion, knownVersion, versionSourceOf } from './application-version.js';
import type { VersionReading } from './version.reader.js';

const JIRA = { kind: 'jira', upstream: 'http://127.0.0.1:8080' } as const;
const ELSEWHERE = { kind: 'jira', upstream: 'http://127.0.0.1:9090' } as const;
const READ: VersionReading = { ok: true, version: '9.12.0' };
const UNREAD: VersionReading = { ok: false, problem: 'unreachable' };

const found = (reading: VersionReading, of: { kind: 'jira'; upstream: string } = JIRA) => ({ ...of, reading });
const detected = { ...JIRA, version: null, detectedVersion: '9.4.0' };
const byHand = { ...JIRA, version: '9.4.0', detectedVersion: null };

describe('the version an application keeps', () => {
  it('R52: one set by hand wins, and the upstream is not asked', () => {
    expect(versionSourceOf({ ...JIRA, version: '8.20' }, null)).toBeNull();
    expect(versionSourceOf({ ...JIRA, version: '9.4.0' }, byHand)).toBeNull();
    expect(decideVersions({ ...JIRA, version: '8.20' }, detected, null)).toEqual({
      version: '8.20',
      detectedVersion: null,
    });
  });

  it('R52: without one the upstream is asked, and what it says is kept apart', () => {
    expect(versionSourceOf(JIRA, null)).toBe(productOf('jira').version);
    const versions = decideVersions(JIRA, null, found(READ));
    expect(versions).toEqual({ version: null, detectedVersion: '9.12.0' });
    expect(knownVersion(versions)).toBe('9.12.0');
  });

  it('R52: an application of no product is not asked', () => {
    expect(versionSourceOf({ kind: 'generic', upstream: JIRA.upstream }, null)).toBeNull();
  });

  it('R52: null takes the one set by hand away, and the upstream is asked', () => {
    expect(versionSourceOf({ ...JIRA, version: null }, byHand)).toBe(productOf('jira').version);
    expect(decideVersions({ ...JIRA, version: null }, byHand, found(UNREAD))).toEqual({
      version: null,
      detectedVersion: null,
    });
  });

  it('R52: a version that was read and is sent back as it was shown is read again', () => {
    const asked = { ...JIRA, version: '9.4.0' };
    expect(versionSourceOf(asked, detected)).toBe(productOf('jira').version);
    expect(decideVersions(asked, detected, found(READ))).toEqual({ version: null, detectedVersion: '9.12.0' });
  });

  it('R52: an upstream out of reach keeps the version it told before', () => {
    for (const version of [null, '9.4.0']) {
      expect(decideVersions({ ...JIRA, version }, detected, found(UNREAD))).toEqual({
        version: null,
        detectedVersion: '9.4.0',
      });
    }
  });

  it('R52: another upstream does not inherit the version', () => {
    expect(decideVersions(ELSEWHERE, detected, found(UNREAD, ELSEWHERE))).toEqual({
      version: null,
      detectedVersion: null,
    });
    expect(decideVersions({ ...JIRA, kind: 'confluence' }, detected, null).detectedVersion).toBeNull();
  });

  it('R52: for another upstream out of reach, a version sent along counts as set by hand', () => {
    const asked = { ...ELSEWHERE, version: '9.4.0' };
    expect(decideVersions(asked, detected, found(UNREAD, ELSEWHERE))).toEqual({
      version: '9.4.0',
      detectedVersion: null,
    });
  });

  it('R52: what was read from an upstream that is no longer the one is dropped', () => {
    expect(decideVersions(ELSEWHERE, null, found(READ, JIRA))).toEqual({ version: null, detectedVersion: null });
  });

  it.each([
    ['unreachable', 'could not be reached'],
    ['no-answer-in-time', 'did not answer in time'],
    ['no-version', 'does not give its version'],
    ['other-product', 'another product'],
  ] as const)('R52: %s is said as "%s"', (problem, text) => {
    expect(describeMissingVersion(found({ ok: false, problem }))).toContain(text);
  });
});
