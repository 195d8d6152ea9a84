import { isJsonObject } from '@scopegate/kernel';
import { XMLParser } from 'fast-xml-parser';

export type VersionParsing =
  | { readonly ok: true; readonly version: string }
  /** No version, or that of another product. */
  | { readonly ok: false; readonly problem: 'no-version' | 'other-product' };

/** With an optional suffix: `9.12.0`, `9.13.0-SNAPSHOT`, `8.14.0-m0001`. */
const VERSION = /^(\d{1,9}(?:\.\d{1,9}){0,5})(?:[-+_ ][\x20-\x7e]{0,64})?$/;

const NO_VERSION: VersionParsing = { ok: false, problem: 'no-version' };

/** No entities, and no text as a number: 7.10 would become 7.1. */
const PARSER = new XMLParser({
  processEntities: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  maxNestedTags: 20,
});

/**
 * `<manifest><typeId>jira</typeId><version>9.12.0</version>…</manifest>`.
 * @param typeIds the product's names, in lower case
 */
export function parseManifest(typeIds: readonly string[], text: string): VersionParsing {
  // A manifest has no document type; its entities could grow or name files.
  if (/<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i.test(text)) return NO_VERSION;
  // The parser accepts a cut text, and a cut version is another version.
  if (!text.trimEnd().endsWith('</manifest>')) return NO_VERSION;
  let document: unknown;
  try {
    document = PARSER.parse(text);
  } catch {
    return NO_VERSION;
  }
  const manifest = memberOf(document, 'manifest');
  const typeId = memberOf(manifest, 'typeId');
  if (typeof typeId === 'string' && !typeIds.includes(typeId.toLowerCase())) {
    return { ok: false, problem: 'other-product' };
  }
  return versionIn(manifest);
}

/** The JSON object of a product, with the member `version`. */
export function parseProperties(text: string): VersionParsing {
  try {
    return versionIn(JSON.parse(text));
  } catch {
    return NO_VERSION;
  }
}

function versionIn(parent: unknown): VersionParsing {
  const text = memberOf(parent, 'version');
  const version = typeof text === 'string' ? VERSION.exec(text.trim())?.[1] : undefined;
  return version === undefined ? NO_VERSION : { ok: true, version };
}

function memberOf(parent: unknown, name: string): unknown {
  return isJsonObject(parent) && Object.hasOwn(parent, name) ? parent[name] : undefined;
}
