import type { ApplicationKind } from '@scopegate/kernel';

/** Numbers with dots between them: `9.12.0`. */
const VERSION = /^\d{1,9}(?:\.\d{1,9}){0,5}$/;

/** Whether a text is a version. */
export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** Compares versions number by number, so that 7.10 is above 7.9 (R52); a part that is missing counts as 0. */
export function compareVersions(left: string, right: string): number {
  const one = left.split('.').map(Number);
  const other = right.split('.').map(Number);
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Since when a product has personal access tokens of its own; null where it never had, `0` where it always did. */
export const NATIVE_TOKENS_SINCE: Readonly<Record<ApplicationKind, string | null>> = {
  jira: '8.14',
  confluence: '7.9',
  bitbucket: '0',
  generic: null,
};

/** Whether the switch over the product's own tokens exists (R52). */
export type NativeTokenSwitch = 'available' | 'no-such-product' | 'version-unknown' | 'version-too-old';

/** @param version of the product, or null where it is not known */
export function nativeTokenSwitch(kind: ApplicationKind, version: string | null): NativeTokenSwitch {
  const since = NATIVE_TOKENS_SINCE[kind];
  if (since === null) return 'no-such-product';
  if (since === '0') return 'available';
  if (version === null) return 'version-unknown';
  return compareVersions(version, since) >= 0 ? 'available' : 'version-too-old';
}
