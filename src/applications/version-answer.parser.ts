import { isJsonObject } from '@scopegate/kernel';
import { XMLParser } from 'fast-xml-parser';

/** The version in an upstream's answer. */
export type VersionParsing =
  | { readonly ok: true; readonly version: string }
  /** It names no version, or it comes from another product than the application is said to be. */
  | { readonly ok: false; readonly problem: 'no-version' | 'other-product' };

/** A version, perhaps with what a vendor adds to builds of its own: `9.12.0`, `9.13.0-SNAPSHOT`, `8.14.0-m0001`. */
const VERSION = /^(\d{1,9}(?:\.\d{1,9}){0,5})(?:[-+_ ][\x20-\x7e]{0,64})?$/;

const NO_VERSION: VersionParsing = { ok: false, problem: 'no-version' };

/** Entities stay as they are, and no text is taken for a number: 7.10 would become 7.1. */
const PARSER = new XMLParser({
  processEntities: false,
  ignoreAttributes: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  maxNestedTags: 20,
});

/**
 * The manifest of an application link: `<manifest><typeId>jira</typeId><version>9.12.0</version>…</manifest>`.
 * @param typeIds how the product calls itself, in lower case
 */
export function parseManifest(typeIds: readonly string[], text: string): VersionParsing {
  // A manifest declares no document type; what does may hold entities that grow, or that name files.
  if (/<!(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)/i.test(text)) return NO_VERSION;
  // The parser forgives what is cut short, and a version cut short is another version.
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

/** A product's own anonymous answer: a JSON object with the member `version`. */
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
