import type { CorsRules, CredentialKind, DepositState, ReasonCode } from '@scopegate/access';
import type { ApplicationKind } from '@scopegate/product';
import type { PathPattern, PathReading, ReadOnlyException } from '@scopegate/path';
import type { CreationRefusal, Permissions } from '@scopegate/permission';
import type { Scope } from '@scopegate/scope';
import type { Validity } from '@scopegate/token';

/** The instant at which every case happens: 15 June 2026, 12:00 UTC, a day that every month has. */
export const NOW_MS = Date.UTC(2026, 5, 15, 12);

export const DAY_MS = 86_400_000;

/** The address that requests come from, unless a case says otherwise: the one a test on one machine has. */
export const LOOPBACK = '127.0.0.1';

/** The password of every user who has one, at the management API. */
export const USER_PASSWORD = 'correct horse battery staple';

/** The settings a case departs from the defaults in. */
export type CaseSettings = {
  readonly allowList?: readonly string[];
  readonly allowListAppliesToPasswords?: boolean;
  /** Switches reverse proxy support on. */
  readonly trustedProxies?: readonly string[];
  /** The header that the proxies set. Default `X-Forwarded-For`. */
  readonly proxyHeader?: string;
  readonly passwordsEnabled?: boolean;
  readonly preventPathTraversal?: boolean;
  readonly maximum?: Validity;
  readonly applyAtUse?: boolean;
  readonly maxFailures?: number;
};

/** The application that a case is about. `management` is Scopegate's own API in its place. */
export type CaseApplication = {
  readonly kind: ApplicationKind;
  readonly anonymous?: 'allow' | 'deny';
  readonly passwords?: 'forward' | 'deny';
  readonly passSchemes?: readonly string[];
  readonly nativeTokensDisabled?: boolean;
  readonly remoteApiPasswords?: boolean;
  readonly paths?: PathReading;
  readonly readOnlyUpgrades?: boolean;
  /** An administrator's credential goes upstream, with the header in which the product takes a user to act for. */
  readonly actsForUsers?: boolean;
  readonly exceptions?: readonly ReadOnlyException[];
  readonly tokenPaths?: readonly PathPattern[];
  readonly blockedPaths?: readonly PathPattern[];
  readonly cors?: CorsRules;
  /** A service account of the upstream acts for the users (R71). */
  readonly identity?: {
    readonly mode: 'credential';
    readonly perUser: false;
    readonly service: { readonly type: 'header'; readonly header: string; readonly secret: string };
    readonly headers: Readonly<Record<string, string>>;
  };
  /** Token requests go upstream with a credential of the owner's own, which is in this state. */
  readonly deposit?: DepositState | 'missing';
};

/** What is different about a user. Everybody is active, in the group `developers` and in no other. */
export type CaseUser = {
  readonly active?: boolean;
  readonly groups?: readonly string[];
  /** The user was deleted after its tokens had been made. */
  readonly deleted?: boolean;
};

/** A token of a case. Its name stands in angle brackets wherever its secret is sent: `<ro>`. */
export type CaseToken = {
  readonly scope: Scope;
  /** Default `alice`. */
  readonly owner?: string;
  /** Who chose the scope. Default: the owner. */
  readonly creator?: string;
  /** Milliseconds before now. Default: a day. */
  readonly createdAgoMs?: number;
  /** Milliseconds from now, negative in the past. Default: never. */
  readonly expiresInMs?: number;
  readonly revoked?: boolean;
  readonly allowList?: readonly string[];
  /** Narrows the token to the application of the case, or to another one. */
  readonly applications?: readonly ('this' | 'other')[];
  /** Well-formed, and unknown. */
  readonly unknown?: boolean;
};

/** What a request presents; in every text, `<ro>` stands for the secret of the token `ro`. */
export type CaseCredential =
  | {
      readonly kind: 'basic';
      readonly user: string;
      readonly secret: string;
      readonly scheme: string;
      /** Default UTF-8. */
      readonly charset?: 'iso-8859-1';
    }
  | { readonly kind: 'bearer'; readonly secret: string; readonly scheme: string }
  /** Authorization lines as they are, in their order. */
  | { readonly kind: 'raw'; readonly lines: readonly string[] }
  | { readonly kind: 'cookie'; readonly value: string };

/** A request below the mount of the application, or below `/` at the management API. */
export type CaseRequest = {
  /** Default `GET`. */
  readonly method?: string;
  /** Byte for byte, without the query; empty for the mount itself. */
  readonly path: string;
  readonly query?: string;
  readonly credential?: CaseCredential;
  /** The name of a token: the request carries the cookie of a session of the gateway that was made with it. */
  readonly session?: string;
  /** Default `JSESSIONID=<cookie>`, where there is a session: `<cookie>` stands for it. */
  readonly sessionCookie?: string;
  /** Lines in addition to those that every request has. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  readonly body?: string;
  /** The client's address as the gateway comes to know it. Default: loopback. */
  readonly peer?: string;
  /** Default `1.1`. */
  readonly httpVersion?: string;
  readonly withoutHost?: boolean;
  /** How many lines the head has in all; it is filled up to that. */
  readonly lineCount?: number;
  /** The same request so many times; the last answer counts. */
  readonly times?: number;
};

/** What the upstream receives of a request that goes on. */
export type CaseForwarded = {
  readonly receives: true;
  /** Default: the path of the request. */
  readonly path?: string;
  /** Default: whether the request passes through and has an Authorization line. */
  readonly hasAuthorization?: boolean;
  /** The user that the identity header names. Default: alice for an allowed request, no user for one that passes. */
  readonly user?: string | null;
  /** Names of lines that do not arrive, in lower case. */
  readonly lacksHeaders?: readonly string[];
  /** Lines that arrive as they are, and once each; `<upstream>` stands for the address of the upstream. */
  readonly headers?: readonly (readonly [name: string, value: string])[];
  /** Default: the body of the request. */
  readonly body?: string;
};

export type CaseExpectation =
  | {
      readonly decision: 'allow' | 'pass';
      readonly upstream: CaseForwarded | { readonly receives: false };
      /** The canonical path, where it is not the request's and nothing goes upstream. */
      readonly path?: string;
      /** Of the answer. Default 200, the upstream's own. */
      readonly status?: number;
      /** The code of the problem, where the management API goes on to refuse what the decision allows. */
      readonly publicCode?: string;
      /** Whom the audit attributes the request to. Default: the peer. */
      readonly clientIp?: string;
      readonly credential?: CredentialKind;
    }
  | {
      readonly decision: 'deny';
      /** What the audit keeps. */
      readonly code: ReasonCode | CreationRefusal;
      readonly status: number;
      /** What the client gets. */
      readonly publicCode: string;
      /** What the detail of the answer holds. */
      readonly detail?: string;
      /** Null where no address could be told. Default: the peer. */
      readonly clientIp?: string | null;
      readonly credential?: CredentialKind;
      readonly upstream: { readonly receives: false };
    };

/** One row: a request under certain rules, and what has to become of it. */
export type AccessCase = {
  readonly name: string;
  readonly requirement: string | readonly string[];
  readonly settings?: CaseSettings;
  readonly permissions?: Partial<Permissions>;
  /** Default: a jira. */
  readonly application?: CaseApplication | 'management';
  /** Though below the mount of the application, Scopegate answers itself, as at its own API. */
  readonly answeredHere?: boolean;
  readonly users?: Readonly<Record<string, CaseUser>>;
  /** Besides `ro` and `rw`, alice's two tokens, which a case may replace. */
  readonly tokens?: Readonly<Record<string, CaseToken>>;
  readonly request: CaseRequest;
  readonly expect: CaseExpectation;
  /** Why the pure decision alone cannot show this. */
  readonly notPure?: string;
  /** Why it cannot be shown on a running gateway. */
  readonly notProxied?: string;
  /** What forward authentication decides where it is not the same, or why it cannot show the case. */
  readonly atDoor?: CaseExpectation | string;
};

/** The tokens that every case has. */
export const USUAL_TOKENS: Readonly<Record<string, CaseToken>> = {
  ro: { scope: 'read-only' },
  rw: { scope: 'read-write' },
};

/** A token as the password of HTTP Basic. */
export function basicToken(user: string, token: string): CaseCredential {
  return { kind: 'basic', user, secret: `<${token}>`, scheme: 'Basic' };
}

export function bearerToken(token: string): CaseCredential {
  return { kind: 'bearer', secret: `<${token}>`, scheme: 'Bearer' };
}

/** A Bearer credential that is not a token of Scopegate. */
export function nativeToken(secret = 'NDc4NDkyNDg3ODE3OstHYSeYC1GgXqRacSqvUbookcZk'): CaseCredential {
  return { kind: 'bearer', secret, scheme: 'Bearer' };
}

/** HTTP Basic with whatever secret. */
export function password(user: string, secret = 'hunter2'): CaseCredential {
  return { kind: 'basic', user, secret, scheme: 'Basic' };
}

/** Authorization lines as they are. */
export function authorization(...lines: readonly string[]): CaseCredential {
  return { kind: 'raw', lines };
}

export function cookie(value = 'JSESSIONID=6F1A'): CaseCredential {
  return { kind: 'cookie', value };
}

/** Goes on as the owner of the token. */
export function allowed(
  forwarded: Omit<CaseForwarded, 'receives'> = {},
  more: { readonly clientIp?: string; readonly credential?: CredentialKind } = {},
): CaseExpectation {
  return { decision: 'allow', upstream: { receives: true, ...forwarded }, ...more };
}

/** Goes on as it is: not ours to judge. */
export function passed(
  forwarded: Omit<CaseForwarded, 'receives'> = {},
  more: { readonly clientIp?: string; readonly credential?: CredentialKind } = {},
): CaseExpectation {
  return { decision: 'pass', upstream: { receives: true, ...forwarded }, ...more };
}

/** Let in at the management API, which then answers with this status. */
export function letIn(status: number, publicCode?: string): CaseExpectation {
  return {
    decision: 'allow',
    upstream: { receives: false },
    status,
    ...(publicCode === undefined ? {} : { publicCode }),
  };
}

/** Allowed, and answered by the gateway itself: jira's session endpoint (R04). */
export function answeredHere(
  status = 200,
  more: { readonly path?: string; readonly credential?: CredentialKind; readonly publicCode?: string } = {},
): CaseExpectation {
  return { decision: 'allow', upstream: { receives: false }, status, ...more };
}

/** Refused at the gateway; the upstream receives nothing. The client gets the code itself, unless another one is given. */
export function denied(
  code: ReasonCode | CreationRefusal,
  status: number,
  more: {
    readonly publicCode?: string;
    readonly detail?: string;
    readonly clientIp?: string | null;
    readonly credential?: CredentialKind;
  } = {},
): CaseExpectation {
  return { decision: 'deny', code, status, publicCode: code, upstream: { receives: false }, ...more };
}

/** What forward authentication decides about a line that its proxy could not replace, before it looks at the rest. */
export const MALFORMED_AT_DOOR: CaseExpectation = denied('request_malformed', 400, { credential: 'none' });

/** Why forward authentication cannot show a case. */
export const NEEDS_TRUST = 'Forward authentication answers trusted proxies only.';

/** Refused with the one answer that does not tell why a credential is not valid. */
export function invalid(code: ReasonCode, more: { readonly credential?: CredentialKind } = {}): CaseExpectation {
  return denied(code, 401, { publicCode: 'credential_invalid', ...more });
}

/** Whether Scopegate's own API answers, so that no upstream receives anything. */
export function isAnsweredHere(row: AccessCase): boolean {
  return row.application === 'management' || row.answeredHere === true;
}

/** The ids of the requirements of a case, as they stand in its title. */
export function requirementsOf(row: AccessCase): string {
  return typeof row.requirement === 'string' ? row.requirement : row.requirement.join(', ');
}
