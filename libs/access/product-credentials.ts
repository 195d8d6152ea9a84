import type { ApplicationKind } from '@scopegate/kernel';

/** How the clients of a product can present credentials of the product's own, besides the Authorization header. */
export interface ProductCredentials {
  /** Whether `os_username` with `os_password` in the query or in a form logs in (R43). */
  readonly loginFields: boolean;
  /** What the product's own tokens begin with, where they can stand as a Basic password (R53). */
  readonly nativeTokenPrefixes: readonly string[];
}

const NOTHING: ProductCredentials = { loginFields: false, nativeTokenPrefixes: [] };

/** Jira's and Confluence's own tokens have no prefix, and work as Bearer alone. */
export const PRODUCT_CREDENTIALS: Readonly<Record<ApplicationKind, ProductCredentials>> = {
  jira: { loginFields: true, nativeTokenPrefixes: [] },
  confluence: { loginFields: true, nativeTokenPrefixes: [] },
  bitbucket: { loginFields: false, nativeTokenPrefixes: ['BBDC-'] },
  generic: NOTHING,
};
