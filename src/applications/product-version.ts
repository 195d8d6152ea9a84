import { productOf, type ApplicationKind } from '@scopegate/product';

/** Such as `9.12.0`. */
const VERSION = /^\d{1,9}(?:\.\d{1,9}){0,5}$/;

export function isVersion(text: string): boolean {
  return VERSION.test(text);
}

/** By number, so 7.10 is above 7.9 (R52); a missing part is 0. */
export function compareVersions(left: string, right: string): number {
  const one = left.split('.').map(Number);
  const other = right.split('.').map(Number);
  for (let index = 0; index < Math.max(one.length, other.length); index += 1) {
    const difference = (one[index] ?? 0) - (other[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** R52: the switch for the product's own tokens. */
export type NativeTokenSwitch = 'available' | 'no-such-product' | 'version-unknown' | 'version-too-old';

/** @param version null if unknown */
export function nativeTokenSwitch(kind: ApplicationKind, version: string | null): NativeTokenSwitch {
  const { nativeTokens } = productOf(kind);
  if (nativeTokens === null) return 'no-such-product';
  const { since } = nativeTokens;
  if (since === null) return 'available';
  if (version === null) return 'version-unknown';
  return compareVersions(version, since) >= 0 ? 'available' : 'version-too-old';
}
