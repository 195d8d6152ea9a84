import { readTimeRange, writeTimeRange, type TimeRange } from './time-range';

/** The filters that the audit page has besides the time. They are named as in the API. */
export const AUDIT_FILTERS = [
  'type',
  'outcome',
  'code',
  'user',
  'tokenId',
  'clientIp',
  'application',
  'credential',
  'door',
  'q',
] as const;

export type AuditFilterName = (typeof AUDIT_FILTERS)[number];

/** What the audit page shows; an empty text is no filter. */
export interface AuditFilter {
  readonly range: TimeRange;
  readonly values: Readonly<Record<AuditFilterName, string>>;
}

const DEFAULT_RANGE = '24h';

/** The address of the page holds the filter, so that it can be sent to a colleague. */
export function readAuditFilter(params: URLSearchParams): AuditFilter {
  const values = Object.fromEntries(AUDIT_FILTERS.map((name) => [name, params.get(name) ?? '']));
  return { range: readTimeRange(params, DEFAULT_RANGE), values: values as AuditFilter['values'] };
}

export function writeAuditFilter({ range, values }: AuditFilter): URLSearchParams {
  const params = new URLSearchParams();
  writeTimeRange(range, params);
  for (const name of AUDIT_FILTERS) if (values[name] !== '') params.set(name, values[name]);
  return params;
}

/** The filters that are set, for the API. */
export function setFilters({ values }: AuditFilter): Partial<Record<AuditFilterName, string>> {
  return Object.fromEntries(AUDIT_FILTERS.filter((name) => values[name] !== '').map((name) => [name, values[name]]));
}
