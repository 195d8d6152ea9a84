import type { ApplicationKind } from '@scopegate/kernel';
import { compileSessionParameters, type SessionParameterRule } from './session-parameter.js';

/** How a product keeps its own sessions. */
export interface ProductSession {
  /** The name of its session cookie. */
  readonly cookie: string;
  /** Takes its session ids out of the URLs of an answer. */
  readonly parameters: SessionParameterRule;
}

/** The path parameters of servlet containers, and one that products use besides. */
const SERVLET: ProductSession = { cookie: 'JSESSIONID', parameters: compileSessionParameters(['jsessionid', 'sid']) };

/** The sessions of the products; a `generic` application may run in a servlet container as well. */
export const PRODUCT_SESSIONS: Readonly<Record<ApplicationKind, ProductSession>> = {
  jira: SERVLET,
  confluence: SERVLET,
  bitbucket: { ...SERVLET, cookie: 'BITBUCKETSESSIONID' },
  generic: SERVLET,
};
