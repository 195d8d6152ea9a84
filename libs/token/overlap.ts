const LONGEST_OVERLAP_MS = 30 * 86_400_000;

/** ISO 8601: `P2DT12H`, `PT24H`, `PT90M`; each unit at most once and in this order. */
const DURATION = /^P(?:(\d{1,4})D)?(?:T(?=\d)(?:(\d{1,4})H)?(?:(\d{1,6})M)?(?:(\d{1,8})S)?)?$/;

export type OverlapReading =
  { readonly ok: true; readonly overlapMs: number } | { readonly ok: false; readonly message: string };

/** How long an old token stays valid after a rotation: at most 30 days. */
export function parseOverlap(text: string): OverlapReading {
  const parts = text === 'P' ? null : DURATION.exec(text);
  if (parts === null) return { ok: false, message: 'overlap must be an ISO 8601 duration such as PT24H or P7D' };
  const [days, hours, minutes, seconds] = parts.slice(1).map((digits) => Number(digits ?? 0)) as [
    number,
    number,
    number,
    number,
  ];
  const overlapMs = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000;
  return overlapMs <= LONGEST_OVERLAP_MS
    ? { ok: true, overlapMs }
    : { ok: false, message: 'overlap must be at most 30 days (P30D)' };
}
