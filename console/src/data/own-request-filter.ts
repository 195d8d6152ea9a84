import { readTimeRange, writeTimeRange, type TimeRange } from './time-range';

/** What a person filters the own requests by besides the time, named as in the API. */
const NAMES = ['outcome', 'application', 'code', 'q'] as const;

export interface OwnRequestFilter {
  readonly range: TimeRange;
  /** Empty: any. */
  readonly values: Readonly<Record<(typeof NAMES)[number], string>>;
}

/** What can have become of a request of one's own. */
export const OWN_OUTCOMES = ['allowed', 'denied', 'failed'] as const;

type OwnOutcome = (typeof OWN_OUTCOMES)[number];

/** The API refuses longer ones. */
const MAX_LENGTHS = { outcome: 7, application: 64, code: 40, q: 255 } as const;

const DEFAULT_RANGE = '24h';

/** Of an address that anybody may have written: what is not known counts as not given. */
export function readOwnRequestFilter(params: URLSearchParams): OwnRequestFilter {
  const value = (name: keyof typeof MAX_LENGTHS): string => (params.get(name) ?? '').slice(0, MAX_LENGTHS[name]);
  const outcome = value('outcome');
  return {
    range: readTimeRange(params, DEFAULT_RANGE),
    values: {
      outcome: isOwnOutcome(outcome) ? outcome : '',
      application: value('application'),
      code: value('code'),
      q: value('q'),
    },
  };
}

/** Into the address of the page, so that it can be sent to somebody, and the way back finds it. */
export function writeOwnRequestFilter({ range, values }: OwnRequestFilter): URLSearchParams {
  const params = new URLSearchParams();
  writeTimeRange(range, params);
  for (const name of NAMES) if (values[name] !== '') params.set(name, values[name]);
  return params;
}

/** The filters that are set, for the API. */
export function chosenFilters({ values: { outcome, application, code, q } }: OwnRequestFilter): {
  readonly outcome?: OwnOutcome;
  readonly application?: string;
  readonly code?: string;
  readonly q?: string;
} {
  return {
    ...(isOwnOutcome(outcome) ? { outcome } : {}),
    ...(application === '' ? {} : { application }),
    ...(code === '' ? {} : { code }),
    ...(q === '' ? {} : { q }),
  };
}

function isOwnOutcome(text: string): text is OwnOutcome {
  return (OWN_OUTCOMES as readonly string[]).includes(text);
}
