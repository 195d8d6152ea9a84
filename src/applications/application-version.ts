import { productOf, type ApplicationKind, type VersionSource } from '@scopegate/product';
import type { ApplicationDocument } from './application.js';
import type { VersionReading } from './version.reader.js';

export interface ApplicationVersions {
  /** Set by hand, which has precedence; null if not set. */
  readonly version: string | null;
  /** Read when the application was saved; null if that failed or was not needed. */
  readonly detectedVersion: string | null;
}

type Versioned = Pick<ApplicationDocument, 'kind' | 'upstream' | 'version' | 'detectedVersion'>;

export interface AskedVersion {
  readonly kind: ApplicationKind;
  readonly upstream: string;
  /** Set by hand; null or missing if not. */
  readonly version?: string | null;
}

/** The result of reading a version, and the upstream it came from. */
export interface VersionFinding {
  readonly kind: ApplicationKind;
  readonly upstream: string;
  readonly reading: VersionReading;
}

export function knownVersion(versions: ApplicationVersions): string | null {
  return versions.version ?? versions.detectedVersion;
}

/** Null if a version was set by hand. */
export function versionSourceOf(asked: AskedVersion, before: Versioned | null): VersionSource | null {
  return versionByHand(asked, before) === null ? productOf(asked.kind).version : null;
}

/**
 * A read version stays one when the client sends it back unchanged.
 * @param before null for a new application
 * @param finding null if the upstream was not asked
 */
export function decideVersions(
  asked: AskedVersion,
  before: Versioned | null,
  finding: VersionFinding | null,
): ApplicationVersions {
  const version = versionByHand(asked, before);
  if (version !== null) return { version, detectedVersion: null };
  if (finding?.reading.ok === true && isSameUpstream(finding, asked)) {
    return { version: null, detectedVersion: finding.reading.version };
  }
  // A short outage does not change the upstream, so its version stays.
  if (before !== null && isSameUpstream(before, asked)) {
    return { version: null, detectedVersion: before.detectedVersion };
  }
  // No version was read, so the one sent counts as set by hand.
  return { version: asked.version ?? null, detectedVersion: null };
}

/** The second half of a sentence. */
export function describeMissingVersion(finding: VersionFinding | null): string {
  if (finding === null || finding.reading.ok) return 'the version is not known';
  switch (finding.reading.problem) {
    case 'unreachable':
      return 'the version could not be read, because the upstream could not be reached';
    case 'no-answer-in-time':
      return 'the version could not be read, because the upstream did not answer in time';
    case 'other-product':
      return 'the upstream says that it is another product';
    case 'no-version':
      return 'the upstream does not give its version';
  }
}

/** Null if it is the version that was read, sent back. */
function versionByHand(asked: AskedVersion, before: Versioned | null): string | null {
  const version = asked.version ?? null;
  const isEcho = before !== null && before.version === null && before.detectedVersion === version;
  return isEcho ? null : version;
}

function isSameUpstream(
  one: Pick<Versioned, 'kind' | 'upstream'>,
  other: Pick<Versioned, 'kind' | 'upstream'>,
): boolean {
  return one.kind === other.kind && one.upstream === other.upstream;
}
