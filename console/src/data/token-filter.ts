/** Which of everybody's tokens are shown. An empty text is no filter. */
export interface TokenListFilter {
  readonly owner: string;
  readonly scope: string;
  readonly status: string;
  readonly q: string;
  /** What needs a look. */
  readonly look: TokenLook | '';
}

const DAY_MS = 86_400_000;

export const TOKEN_LOOKS = {
  'ends-7d': 'Ends within 7 days',
  'ends-30d': 'Ends within 30 days',
  'never-used': 'Never used',
  'unused-90d': 'Not used for 90 days',
  'exceeds-policy': 'Exceeds the current rules',
} as const;

export type TokenLook = keyof typeof TOKEN_LOOKS;

const NAMES = ['owner', 'scope', 'status', 'q', 'look'] as const;

function isLook(text: string): text is TokenLook {
  return Object.hasOwn(TOKEN_LOOKS, text);
}

/** The address of the page holds the filter. */
export function readTokenFilter(params: URLSearchParams): TokenListFilter {
  const look = params.get('look') ?? '';
  const text = (name: string): string => params.get(name) ?? '';
  return {
    owner: text('owner'),
    scope: text('scope'),
    status: text('status'),
    q: text('q'),
    look: isLook(look) ? look : '',
  };
}

export function writeTokenFilter(filter: TokenListFilter): URLSearchParams {
  return new URLSearchParams(NAMES.filter((name) => filter[name] !== '').map((name) => [name, filter[name]]));
}

/** What a look means for the API. Only tokens that work now can need one. */
export function lookQuery(look: TokenLook | '', nowMs: number): Readonly<Record<string, string | boolean>> {
  const inDays = (days: number): string => new Date(nowMs + days * DAY_MS).toISOString();
  switch (look) {
    case 'ends-7d':
      return { status: 'active', expiresTo: inDays(7), sort: 'expiresAt' };
    case 'ends-30d':
      return { status: 'active', expiresTo: inDays(30), sort: 'expiresAt' };
    case 'never-used':
      return { status: 'active', neverUsed: true, sort: 'createdAt' };
    case 'unused-90d':
      return { status: 'active', lastUsedTo: inDays(-90), sort: 'lastUsedAt' };
    case 'exceeds-policy':
      return { status: 'active', exceedsPolicy: true };
    case '':
      return {};
  }
}
