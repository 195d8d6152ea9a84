import { headerValues, type HeaderLines } from '@scopegate/kernel';

/** W3C Trace Context. */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, the same for the whole trace. */
  readonly traceId: string;
  /** Two hexadecimal digits: 1 is sampled, 2 is a random trace id. */
  readonly flags: string;
  /** Data of other tracing systems; null if there is none, or it is invalid. */
  readonly traceState: string | null;
}

/** Version, trace id, parent id, flags; the rest belongs to later versions. */
const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-[\x20-\x7e]*)?$/;

/** Version 00 ends here. */
const TRACE_PARENT_LENGTH = 55;

/** Longer lines are ignored. */
const MAX_TRACE_PARENT_LENGTH = 512;

const NO_TRACE_ID = '0'.repeat(32);
const NO_PARENT_ID = '0'.repeat(16);

/** Other flags are not passed on. */
const KNOWN_FLAGS = 0x03;

const MAX_STATE_MEMBERS = 32;

/** The specification requires at least 512 characters. */
const MAX_STATE_LENGTH = 8_192;

const STATE_KEY = /^(?:[a-z0-9][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z0-9][a-z0-9_*/-]{0,13})$/;

/** Printable ASCII without comma and equals sign, no blank at the end. */
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/** Null without exactly one valid `traceparent`: a new trace begins, and `tracestate` means nothing. Never throws. */
export function readTraceContext(lines: HeaderLines): TraceContext | null {
  const parents = headerValues(lines, 'traceparent');
  const parent = parents.length === 1 ? parents[0] : undefined;
  if (parent === undefined || parent.length > MAX_TRACE_PARENT_LENGTH) return null;
  const match = TRACE_PARENT.exec(parent);
  if (match === null) return null;
  const [, version, traceId, parentId, flags] = match;
  if (version === undefined || traceId === undefined || flags === undefined) return null;
  if (version === 'ff' || (version === '00' && parent.length !== TRACE_PARENT_LENGTH)) return null;
  if (traceId === NO_TRACE_ID || parentId === NO_PARENT_ID) return null;
  return {
    traceId,
    flags: (Number.parseInt(flags, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0'),
    traceState: readTraceState(headerValues(lines, 'tracestate')),
  };
}

/**
 * Sampled, because otherwise a tracer that follows its parent would record nothing.
 * @param traceId 32 lower-case hexadecimal digits, random and not all zero
 */
export function newTraceContext(traceId: string): TraceContext {
  return { traceId, flags: '01', traceState: null };
}

/** Version 00. @param parentId this step: 16 lower-case hexadecimal digits, random and not all zero */
export function traceParent(trace: TraceContext, parentId: string): string {
  return `00-${trace.traceId}-${parentId}-${trace.flags}`;
}

/** All lines as one list; null if there is none or a member is invalid. */
function readTraceState(values: readonly string[]): string | null {
  if (values.length === 0) return null;
  const state = values.length === 1 ? (values[0] ?? '') : values.join(',');
  if (state.length > MAX_STATE_LENGTH) return null;
  const keys = new Set<string>();
  for (const part of state.split(',')) {
    const member = part.trim();
    if (member === '') continue;
    const equals = member.indexOf('=');
    const key = member.slice(0, Math.max(0, equals));
    if (!STATE_KEY.test(key) || !STATE_VALUE.test(member.slice(equals + 1)) || keys.has(key)) return null;
    keys.add(key);
  }
  return keys.size === 0 || keys.size > MAX_STATE_MEMBERS ? null : state;
}
