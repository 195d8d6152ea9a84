/**
 * The header lines of a message as they came off the wire, names and values alternating (Node's `rawHeaders`).
 * Judging and forwarding read this one list, so that the two cannot see different credentials (R67).
 */
export type HeaderLines = readonly string[];

/**
 * The values of every line with this name, in wire order.
 * @param name the field name in lower case; names on the wire compare without case (RFC 9110 5.1)
 */
export function headerValues(lines: HeaderLines, name: string): readonly string[] {
  let values: string[] | undefined;
  for (let index = 0; index + 1 < lines.length; index += 2) {
    const candidate = lines[index] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name) {
      (values ??= []).push(lines[index + 1] as string);
    }
  }
  return values ?? NO_VALUES;
}

const NO_VALUES: readonly string[] = [];
