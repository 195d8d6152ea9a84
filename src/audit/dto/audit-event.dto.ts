import type { AuditEvent } from '@scopegate/audit';

/** What the API shows of an event: the same fields, with the time as text. */
export type ShownEvent = Omit<AuditEvent, 'atMs'> & { readonly at: string };

/** One event of the audit log. */
export class AuditEventDto implements Record<keyof ShownEvent, unknown> {
  /**
   * Time-ordered and unique.
   * @example 01KAQ3V7QC00000ABCDEFGHJKM
   */
  id!: string;

  /** ISO 8601, UTC. */
  at!: string;

  /** How many identical failures this event stands for. */
  count!: number;

  /** @example authentication.failed */
  type!: string;

  /**
   * `allowed`, `passed` (forwarded without being judged: a password or cookie that the application checks itself, or no
   * credential), `denied`, `failed` or `changed`.
   */
  outcome!: string;

  /** Whether the gateway allowed a token request and the upstream then answered it with 401 or 403. */
  upstreamRefused!: boolean;

  /**
   * The true reason, which can be more exact than the code that the client got; null if the request was allowed or
   * passed.
   * @example owner_mismatch
   */
  code!: string | null;

  /** The acting user: the name in the request, or the owner of the token. */
  actor!: string | null;

  /** The owner of the token. */
  owner!: string | null;

  tokenId!: string | null;

  tokenDescription!: string | null;

  /** `read-only` or `read-write`. */
  tokenScope!: string | null;

  /** `basic-token`, `bearer-token`, `password`, `native-token`, `cookie` or `none`. */
  credential!: string | null;

  /** The client address: the address that the request is attributed to. */
  clientIp!: string | null;

  /** The address at the other end of the connection: a proxy, or the client itself. */
  peer!: string | null;

  method!: string | null;

  /** The canonical path below the mount, without the query. */
  path!: string | null;

  /** The key of the application; null for the management API. */
  application!: string | null;

  /** The HTTP status that was sent. */
  status!: number | null;

  /** Milliseconds until the head of the answer. */
  durationMs!: number | null;

  userAgent!: string | null;

  /** The `X-Request-Id` of the answer. */
  requestId!: string | null;

  /** What changed, with the values before and after. It contains no secrets. */
  detail!: Record<string, unknown> | null;

  /**
   * How the decision was asked for: `proxy` (a proxied request), `request` or `headers` (forward authentication),
   * `introspection`, or `guard` (another Nest application). Null at the management API and for changes, and for events
   * of versions before this field.
   */
  door!: string | null;
}

/** One page of events, newest first. */
export class AuditEventPageDto {
  items!: AuditEventDto[];

  /** Send it as `cursor` to get the next page; null on the last page. */
  nextCursor!: string | null;
}
