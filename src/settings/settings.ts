import { compileAddressSet, type AddressSet, type ReverseProxyRules } from '@scopegate/network';
import type { Maximum } from '@scopegate/token';

/** The settings as they are stored, and as the API shows them besides the warnings. */
export interface SettingsDocument {
  readonly tokenValidity: {
    /** The longest validity of a new token (R27). */
    readonly maximum: Maximum;
    /** Whether the maximum also ends tokens that were made before it was lowered (R32). */
    readonly applyAtUse: boolean;
  };
  readonly ipRestriction: {
    /** Canonical entries; empty allows every address (R33). */
    readonly allowList: readonly string[];
    /** Whether password requests are held to the list as well (R37). */
    readonly applyToPasswords: boolean;
  };
  readonly reverseProxy: {
    readonly enabled: boolean;
    /** Canonical entries. */
    readonly trustedProxies: readonly string[];
    readonly header: string;
  };
  readonly passwords: { readonly enabled: boolean; readonly preventPathTraversal: boolean };
  readonly throttling: {
    /** Failures of one address and user name within the window; 0 switches the throttle off. */
    readonly maxFailures: number;
    readonly windowSeconds: number;
  };
  readonly audit: {
    readonly successes: boolean;
    readonly failures: boolean;
    readonly denials: boolean;
    readonly anonymous: boolean;
    /** Whether requests go on where nothing can be recorded (R62); else they are refused. */
    readonly failOpen: boolean;
    readonly retentionDays: number;
  };
  readonly purge: { readonly expiredTokensAfterDays: number };
}

/** The settings a node acts by: one immutable snapshot, with its lists made ready for the hot path. */
export interface Settings extends SettingsDocument {
  /** Rises with every change. */
  readonly version: number;
  /** `ipRestriction.allowList`, compiled. */
  readonly allowList: AddressSet;
  /** `reverseProxy`, compiled. */
  readonly reverseProxyRules: ReverseProxyRules;
}

/** The settings of a fresh install. */
export const DEFAULT_SETTINGS: SettingsDocument = {
  tokenValidity: { maximum: 'never', applyAtUse: false },
  ipRestriction: { allowList: [], applyToPasswords: false },
  reverseProxy: { enabled: false, trustedProxies: [], header: 'X-Forwarded-For' },
  passwords: { enabled: true, preventPathTraversal: false },
  throttling: { maxFailures: 20, windowSeconds: 60 },
  audit: { successes: true, failures: true, denials: true, anonymous: false, failOpen: false, retentionDays: 365 },
  purge: { expiredTokensAfterDays: 30 },
};

/** The document as a snapshot; throws where a stored entry is none, since nobody could say what it was to allow. */
export function toSettings(document: SettingsDocument, version: number): Settings {
  return {
    ...document,
    version,
    allowList: compileAddressSet(document.ipRestriction.allowList),
    reverseProxyRules: {
      enabled: document.reverseProxy.enabled,
      trusted: compileAddressSet(document.reverseProxy.trustedProxies),
      header: document.reverseProxy.header,
    },
  };
}

/** The stored document with the defaults of those members that it was stored without, by an older version. */
export function completeSettings(stored: object): SettingsDocument {
  const body = stored as Partial<SettingsDocument>;
  return {
    tokenValidity: { ...DEFAULT_SETTINGS.tokenValidity, ...body.tokenValidity },
    ipRestriction: { ...DEFAULT_SETTINGS.ipRestriction, ...body.ipRestriction },
    reverseProxy: { ...DEFAULT_SETTINGS.reverseProxy, ...body.reverseProxy },
    passwords: { ...DEFAULT_SETTINGS.passwords, ...body.passwords },
    throttling: { ...DEFAULT_SETTINGS.throttling, ...body.throttling },
    audit: { ...DEFAULT_SETTINGS.audit, ...body.audit },
    purge: { ...DEFAULT_SETTINGS.purge, ...body.purge },
  };
}
