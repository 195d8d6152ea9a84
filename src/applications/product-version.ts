import { productOf, type ApplicationKind } from '@scopegate/product';

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

/** Whether the switch over the product's own tokens exists (R52). */
export type NativeTokenSwitch = 'available' | 'no-such-product' | 'version-unknown' | 'version-too-old';

/** @param version of the product, or null if it is not known */
export function nativeTokenSwitch(kind: ApplicationKind, version: string | null): NativeTokenSwitch {
  const { nativeTokens } = productOf(kind);
  if (nativeTokens === null) return 'no-such-product';
  const { since } = nativeTokens;
  if (since === null) return 'available';
  if (version === null) return 'version-unknown';
  return compareVersions(version, since) >= 0 ? 'available' : 'version-too-old';
}
