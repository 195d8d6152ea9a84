/** `not-date-time`: only a date. */
export type InstantRefusal = 'type' | 'format' | 'no-offset' | 'not-date-time' | 'calendar' | 'offset';

export type InstantReading =
  | { readonly ok: true; readonly instantMs: number }
  | { readonly ok: false; readonly reason: InstantRefusal; readonly message: string };

/** 9999-12-31T23:59:59.999Z: the databases and four digits allow no later one. */
export const LAST_INSTANT_MS = 253_402_300_799_999;

/** A longer text is refused before it is parsed. */
const LONGEST = 'YYYY-MM-DDTHH:MM:SS.fffffffff+HH:MM'.length;

const DATE_TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?(Z|([+-])(\d\d)(?::?(\d\d))?)?$/;
const DATE_ALONE = /^\d{4}(?:-\d\d){0,2}$/;

const MINUTE_MS = 60_000;

const FORMAT_MESSAGE = 'Give a date-time in ISO 8601 with its offset, for example 2030-01-31T12:00:00Z.';

/**
 * R29: `YYYY-MM-DDTHH:MM[:SS[.f{1,9}]]` and `Z`, `±HH:MM`, `±HHMM` or `±HH`, on an existing day. Not `Date.parse`: it
 * accepts other formats and 30 February, and takes a missing offset for the server's. Digits below a millisecond are
 * cut.
 * @returns epoch milliseconds, up to the end of 9999 in UTC
 */
export function parseInstant(value: unknown): InstantReading {
  if (typeof value !== 'string') {
    return refuse('type', FORMAT_MESSAGE);
  }
  if (value.length > LONGEST) {
    return refuse('format', FORMAT_MESSAGE);
  }
  const match = DATE_TIME.exec(value);
  if (match === null) {
    return DATE_ALONE.test(value)
      ? refuse('not-date-time', 'The time is missing: add it with its offset, for example T12:00:00Z.')
      : refuse('format', FORMAT_MESSAGE);
  }
  const [, year, month, day, hour, minute, second, fraction, zone, sign, offsetHour, offsetMinute] = match;
  if (zone === undefined) {
    return refuse('no-offset', 'Add the offset from UTC, for example Z or +02:00.');
  }
  const hours = Number(hour);
  const minutes = Number(minute);
  const seconds = Number(second ?? '0');
  if (hours > 23 || minutes > 59 || seconds > 59) {
    return refuse('calendar', 'There is no such time: hours go to 23, minutes and seconds to 59.');
  }
  const date = new Date(0);
  // Date.UTC takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) {
    return refuse('calendar', 'The calendar has no such day.');
  }
  date.setUTCHours(hours, minutes, seconds, Number((fraction ?? '').slice(0, 3).padEnd(3, '0')));

  let offsetMs = 0;
  if (sign !== undefined) {
    const offsetHours = Number(offsetHour);
    const offsetMinutes = Number(offsetMinute ?? '0');
    if (offsetHours > 23 || offsetMinutes > 59) {
      return refuse('offset', 'There is no such offset: hours go to 23, minutes to 59.');
    }
    offsetMs = (offsetHours * 60 + offsetMinutes) * MINUTE_MS;
    if (sign === '-') {
      if (offsetMs === 0) {
        return refuse('format', 'ISO 8601 has no offset -00:00: write Z.');
      }
      offsetMs = -offsetMs;
    }
  }
  const instantMs = date.getTime() - offsetMs;
  if (instantMs > LAST_INSTANT_MS) {
    return refuse('calendar', 'The time must be before the year 10000 in UTC.');
  }
  return { ok: true, instantMs };
}

function refuse(reason: InstantRefusal, message: string): InstantReading {
  return { ok: false, reason, message };
}
