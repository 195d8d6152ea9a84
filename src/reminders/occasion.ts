/** What a mail is about. */
export type Occasion =
  /** The threshold in days. */
  | { readonly kind: 'ends'; readonly days: number }
  /** As `clientBlock` writes them. */
  | { readonly kind: 'address'; readonly addresses: string };

export function occasionText(occasion: Occasion): string {
  return occasion.kind === 'ends' ? `ends:${occasion.days}` : `address:${occasion.addresses}`;
}

/** Null for one that only a newer version can have stored. */
export function readOccasion(text: string): Occasion | null {
  const [, kind, rest = ''] = /^([a-z]+):(.+)$/.exec(text) ?? [];
  if (kind === 'address') return { kind, addresses: rest };
  return kind === 'ends' && /^\d{1,3}$/.test(rest) ? { kind, days: Number(rest) } : null;
}
