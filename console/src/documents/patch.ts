/** The members of a document that somebody has changed: a merge patch (RFC 7396). */
export type Patch = Readonly<Record<string, unknown>>;

export interface Difference {
  /** Such as `passwords.enabled`. */
  readonly field: string;
  readonly before: unknown;
  readonly after: unknown;
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Objects are merged, lists and texts are replaced.
 * @param whole members that are replaced as a whole, although they are objects
 */
export function merged(value: unknown, patch: unknown, whole: readonly string[] = []): unknown {
  if (!isObject(value) || !isObject(patch)) return patch;
  const result: Record<string, unknown> = { ...value };
  for (const [name, member] of Object.entries(patch)) {
    result[name] = Object.hasOwn(value, name) && !whole.includes(name) ? merged(value[name], member) : member;
  }
  return result;
}

/** Without the members that are as they were. @param whole as for `merged` */
export function pruned(patch: Patch, base: unknown, whole: readonly string[] = []): Patch {
  const result: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(patch)) {
    const before = isObject(base) ? base[name] : undefined;
    if (isObject(member) && isObject(before) && !whole.includes(name)) {
      const inner = pruned(member, before);
      if (Object.keys(inner).length > 0) result[name] = inner;
    } else if (!isSame(member, before)) {
      result[name] = member;
    }
  }
  return result;
}

/** Member by member; a list is one member. */
export function differences(before: unknown, after: unknown, field = ''): readonly Difference[] {
  if (isSame(before, after)) return [];
  if (!isObject(before) || !isObject(after)) return [{ field, before, after }];
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].flatMap((name) => differences(before[name], after[name], field === '' ? name : `${field}.${name}`));
}

/** Of two values of JSON. */
function isSame(one: unknown, other: unknown): boolean {
  if (Array.isArray(one) && Array.isArray(other)) {
    return one.length === other.length && one.every((item, index) => isSame(item, other[index]));
  }
  if (!isObject(one) || !isObject(other)) return one === other;
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]))
  );
}
