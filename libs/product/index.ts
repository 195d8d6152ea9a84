import { BITBUCKET } from './bitbucket.js';
import { CONFLUENCE } from './confluence.js';
import { GENERIC } from './generic.js';
import { GITEA } from './gitea.js';
import { GITLAB } from './gitlab.js';
import { JIRA } from './jira.js';
import type { Preset, Product } from './product.js';
import { REDMINE } from './redmine.js';

export type {
  AccountPlace,
  ActAs,
  ErrorMember,
  NativeTokens,
  Preset,
  PresetIdentity,
  Product,
  ProductSession,
  ProposedException,
  TokenPlaces,
  VersionSource,
} from './product.js';

export const PRODUCTS = {
  jira: JIRA,
  confluence: CONFLUENCE,
  bitbucket: BITBUCKET,
  gitlab: GITLAB,
  redmine: REDMINE,
  gitea: GITEA,
  generic: GENERIC,
} as const satisfies Readonly<Record<string, Product>>;

export type ApplicationKind = keyof typeof PRODUCTS;

export const APPLICATION_KINDS = Object.keys(PRODUCTS) as readonly ApplicationKind[];

export function productOf(kind: ApplicationKind): Product {
  return PRODUCTS[kind];
}

/** R73. */
export const PRESETS: ReadonlyMap<string, { readonly kind: ApplicationKind; readonly preset: Preset }> = new Map(
  APPLICATION_KINDS.flatMap((kind) =>
    productOf(kind).presets.map((preset) => [preset.name, { kind, preset }] as const),
  ),
);

/** For a text: `jira, confluence and bitbucket`. */
export function kindsWith(has: (product: Product) => boolean): string {
  return LIST.format(APPLICATION_KINDS.filter((kind) => has(PRODUCTS[kind])));
}

const LIST = new Intl.ListFormat('en-GB', { type: 'conjunction' });
