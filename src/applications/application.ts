import type { ApplicationRules } from '@scopegate/access';
import { foldHeaderName, type ApplicationKind } from '@scopegate/kernel';
import { compileExceptions, type EncodedSlashes, type ReadOnlyException } from '@scopegate/path';
import { parseTemplate, parseUpstream, type CompiledTemplate, type UpstreamTarget } from '@scopegate/upstream';
import { sealedName, type IdentityHeader } from './identity-header.js';
import type { Mount } from './mount.js';
import type { SecretBox } from './secret-box.js';

/** An application as it is stored. */
export interface ApplicationDocument {
  readonly name: string;
  readonly kind: ApplicationKind;
  /** Of the product, set by hand; null where it was not. */
  readonly version: string | null;
  /** Of the product, read from the upstream when the application was saved without a version set by hand. */
  readonly detectedVersion: string | null;
  readonly mount: Mount;
  readonly upstream: string;
  readonly anonymous: 'allow' | 'deny';
  readonly identity: { readonly mode: 'headers'; readonly headers: readonly IdentityHeader[] };
  readonly readOnlyExceptions: readonly ReadOnlyException[];
  readonly nativeTokensDisabled: boolean;
  readonly remoteApiPasswords: boolean;
  readonly encodedSlashes: EncodedSlashes;
  readonly timeoutMs: number;
  /** The most connections to its upstream at a time. */
  readonly connections: number;
}

/** The most connections to an upstream, where nothing else was said or an older version stored the application. */
export const DEFAULT_CONNECTIONS = 512;

/** A stored application with its key and the version of its row. */
export interface StoredApplication {
  readonly key: string;
  /** Rises with every change. */
  readonly revision: number;
  readonly document: ApplicationDocument;
}

/** An application made ready for the hot path. */
export interface ProtectedApplication {
  readonly key: string;
  readonly name: string;
  readonly rules: ApplicationRules;
  readonly target: UpstreamTarget;
  readonly identity: {
    /** Names the gateway sets, folded: the client's own are dropped from every request. */
    readonly names: ReadonlySet<string>;
    /** The headers of a token request; a fixed secret is a template without placeholders. */
    readonly templates: readonly { readonly name: string; readonly template: CompiledTemplate }[];
  };
  readonly timeoutMs: number;
  /** The most connections to its upstream at a time. */
  readonly connections: number;
  /** Rises with every change of the application. */
  readonly version: number;
}

/** Where a fixed header value belongs: it opens nowhere else. */
export function secretContext(key: string, headerName: string): string {
  return `${key}\n${sealedName(headerName)}`;
}

/**
 * Compiles a stored application.
 * @throws Error where it cannot be done: a rule that cannot be read must not be guessed at
 */
export function protect(stored: StoredApplication, box: SecretBox): ProtectedApplication {
  const { key, document } = stored;
  const upstream = parseUpstream(document.upstream);
  if (!upstream.ok) throw new Error(`The upstream of the application ${key} ${upstream.message}.`);
  return {
    key,
    name: document.name,
    rules: {
      key,
      kind: document.kind,
      encodedSlashes: document.encodedSlashes,
      anonymous: document.anonymous,
      nativeTokensDisabled: document.nativeTokensDisabled,
      remoteApiPasswords: document.remoteApiPasswords,
      exceptions: compileExceptions(document.readOnlyExceptions),
    },
    target: upstream.target,
    identity: {
      names: new Set(document.identity.headers.map((header) => foldHeaderName(header.name))),
      templates: document.identity.headers.map((header) => ({
        name: header.name,
        template: compileHeader(key, header, box),
      })),
    },
    timeoutMs: document.timeoutMs,
    connections: document.connections,
    version: stored.revision,
  };
}

function compileHeader(key: string, header: IdentityHeader, box: SecretBox): CompiledTemplate {
  if ('sealed' in header) {
    const secret = box.open(header.sealed, secretContext(key, header.name));
    if (secret !== null) return [secret];
    throw new Error(
      `The secret of the header ${header.name} of the application ${key} cannot be decrypted: it was stored under ` +
        'another SCOPEGATE_ENCRYPTION_KEY. Start with that key.',
    );
  }
  const parsing = parseTemplate(header.template);
  if (parsing.ok) return parsing.template;
  throw new Error(`The template of the header ${header.name} of the application ${key} ${parsing.message}.`);
}
