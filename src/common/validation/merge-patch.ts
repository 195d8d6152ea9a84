import { isJsonObject } from '@scopegate/kernel';
import { ProblemException } from '../http/problem.exception.js';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * RFC 7396, except that `null` does not remove: it is a 400 unless the field may be null.
 * @param patch anything but an object is a 400
 * @param nullable paths that may be null; a final `*` matches every member
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
    // A name such as __proto__ is data here: it becomes an own property and is refused later.
    const after = isJsonObject(value) ? merge(isJsonObject(before) ? before : {}, value, path, nullable) : value;
    Object.defineProperty(merged, name, { value: after, enumerable: true, configurable: true, writable: true });
  }
  return merged;
}
