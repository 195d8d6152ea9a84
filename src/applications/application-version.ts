import { productOf, type ApplicationKind, type VersionSource } from '@scopegate/product';
import type { ApplicationDocument } from './application.js';
import type { VersionReading } from './version.reader.js';

/** What an application keeps of the version of its product. */
export interface ApplicationVersions {
  /** Set by hand, which has precedence; null if it was not. */
  readonly version: string | null;
  /** Read from the upstream when the application was saved; null if that failed or was not needed. */
  readonly detectedVersion: string | null;
}

/** An application as far as its version goes. */
type Versioned = Pick<ApplicationDocument, 'kind' | 'upstream' | 'version' | 'detectedVersion'>;

/** What is asked for. */
export interface AskedVersion {
  readonly kind: ApplicationKind;
  readonly upstream: string;
  /** Null or left out if none was set by hand. */
  readonly version?: string | null;
}

/** What became of reading a version, and for which upstream. */
export interface VersionFinding {
  readonly kind: ApplicationKind;
  readonly upstream: string;
  readonly reading: VersionReading;
}

/** The version that counts and is shown; null if it is not known. */
export function knownVersion(versions: ApplicationVersions): string | null {
  return versions.version ?? versions.detectedVersion;
}

/** How to ask the upstream for its version; null if one was set by hand. */
export function versionSourceOf(asked: AskedVersion, before: Versioned | null): VersionSource | null {
  return versionByHand(asked, before) === null ? productOf(asked.kind).version : null;
}

/**
 * What to keep. A version that was read stays one that was read when the client sends it back as it was shown.
 * @param before the application so far, or null if it is new
 * @param finding the version that the upstream gave, or null if it was not asked
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
  // The upstream of before has not become another one by being out of reach for a moment.
  if (before !== null && isSameUpstream(before, asked)) {
    return { version: null, detectedVersion: before.detectedVersion };
  }
  // Nothing takes the place of the version that was sent, so it is set by hand after all.
  return { version: asked.version ?? null, detectedVersion: null };
}

/** Why the version is not known, as the second half of a sentence. */
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

/** The version set by hand; null without one, or if it is the version that was read, sent back. */
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
