import type { AuditOutcome } from './event-types.js';

export interface SyslogOrigin {
  readonly hostname: string;
  readonly processId: number;
}

export interface SyslogEvent {
  /** RFC 3339 in UTC, with milliseconds. */
  readonly at: string;
  readonly type: string;
  readonly outcome: AuditOutcome;
  /** The JSON of the API. */
  readonly json: string;
}

/** "Log audit" (RFC 5424 6.2.1). */
const FACILITY = 13;

const SEVERITIES: Readonly<Record<AuditOutcome, number>> = {
  // Informational, notice and warning.
  allowed: 6,
  passed: 6,
  changed: 5,
  denied: 4,
  failed: 4,
};

const MAX_HOSTNAME_LENGTH = 255;
const MAX_MESSAGE_ID_LENGTH = 32;

/** RFC 5424: the event type is the MSGID, its JSON the MSG. All ASCII, so that no receiver guesses the encoding. */
export function syslogMessage(event: SyslogEvent, origin: SyslogOrigin): string {
  const priority = FACILITY * 8 + SEVERITIES[event.outcome];
  const hostname = nameOf(origin.hostname, MAX_HOSTNAME_LENGTH);
  const messageId = nameOf(event.type, MAX_MESSAGE_ID_LENGTH);
  const header = `<${priority}>1 ${event.at} ${hostname} scopegate ${origin.processId} ${messageId} -`;
  return `${header} ${asciiJson(event.json)}`;
}

/** With the length before the message (RFC 6587 3.4.1). */
export function countedSyslogMessage(message: string): string {
  return `${message.length} ${message}`;
}

/** Printable ASCII without blanks; "-" if empty (RFC 5424: NILVALUE). */
function nameOf(text: string, maxLength: number): string {
  const name = text.replace(/[^\x21-\x7e]/g, '').slice(0, maxLength);
  return name === '' ? '-' : name;
}

function asciiJson(json: string): string {
  return json.replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
