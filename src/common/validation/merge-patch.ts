import { isJsonObject } from '@scopegate/kernel';
import { ProblemException } from '../http/problem.exception.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Applies a merge patch (RFC 7396, but `null` does not remove: it is a 400 except where a field may be null).
 * @param target the document as it is
 * @param patch the body as it came; anything but an object is a 400
 * @param nullable the paths whose value may be null; a path that ends in `*` holds for every member there
 */
export function applyMergePatch(target: JsonObject, patch: unknown, nullable: readonly string[] = []): JsonObject {
  if (!isJsonObject(patch)) {
    throw new ProblemException('validation_failed', 'The body must be a JSON object with the members to change.');
  }
  return merge(target, patch, '', nullable);
}

function merge(target: JsonObject, patch: JsonObject, parent: string, nullable: readonly string[]): JsonObject {
  const merged: Record<string, unknown> = { ...target };
  for (const [name, value] of Object.entries(patch)) {
    const path = parent === '' ? name : `${parent}.${name}`;
    if (value === null && !nullable.some((known) => known === path || known === `${parent}.*`)) {
      const message = `${path} must not be null. Leave it out to keep it as it is.`;
      throw new ProblemException('validation_failed', message, [{ field: path, message }]);
    }
    const before = merged[name];
    // A member of a name such as __proto__ is data like any other here: it is set as an own property and refused later.
    const after = isJsonObject(value) ? merge(isJsonObject(before) ? before : {}, value, path, nullable) : value;
    Object.defineProperty(merged, name, { value: after, enumerable: true, configurable: true, writable: true });
  }
  return merged;
}
