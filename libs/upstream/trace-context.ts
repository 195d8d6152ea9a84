import { headerValues, type HeaderLines } from '@scopegate/kernel';

/** Where a request stands in a trace (W3C Trace Context). */
export interface TraceContext {
  /** 32 lower-case hexadecimal digits, the same for everything that belongs to the trace. */
  readonly traceId: string;
  /** Two hexadecimal digits: whether the trace is sampled (1), and whether its id is random (2). */
  readonly flags: string;
  /** What other tracing systems want passed on; null if there is nothing valid to pass on. */
  readonly traceState: string | null;
}

/** Version, trace id, parent id and flags. What follows belongs to a version that is not known yet. */
const TRACE_PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-[\x20-\x7e]*)?$/;

/** The characters of a version 00, which ends here. */
const TRACE_PARENT_LENGTH = 55;

/** No sender needs as many; longer lines are not looked at. */
const MAX_TRACE_PARENT_LENGTH = 512;

const NO_TRACE_ID = '0'.repeat(32);
const NO_PARENT_ID = '0'.repeat(16);

/** The flags that have a meaning; the others are not passed on. */
const KNOWN_FLAGS = 0x03;

const MAX_STATE_MEMBERS = 32;

/** The specification requires at least 512 characters. */
const MAX_STATE_LENGTH = 8_192;

const STATE_KEY = /^(?:[a-z0-9][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z0-9][a-z0-9_*/-]{0,13})$/;

/** Printable ASCII without comma and equals sign, and no blank at its end. */
const STATE_VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/;

/**
 * The trace a request belongs to by its header lines; null if it carries no `traceparent`, more than one, or one that
 * is not valid. Then a new trace begins, and a `tracestate` says nothing. Never throws.
 */
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
 * A trace that begins here. It counts as sampled: a tracer that follows its parent would record nothing otherwise.
 * @param traceId 32 lower-case hexadecimal digits, random and not all zero
 */
export function newTraceContext(traceId: string): TraceContext {
  return { traceId, flags: '01', traceState: null };
}

/**
 * The `traceparent` for the next one in the trace, in version 00.
 * @param parentId 16 lower-case hexadecimal digits, random and not all zero, that stand for this step
 */
export function traceParent(trace: TraceContext, parentId: string): string {
  return `00-${trace.traceId}-${parentId}-${trace.flags}`;
}

/** All `tracestate` lines as one list, as they came; null if there is none, or one member is not valid. */
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
