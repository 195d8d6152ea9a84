/**
 * Name and value in turns (Node's `rawHeaders`). Judging and forwarding read this one list, so they see the same
 * credentials (R67).
 */
export type HeaderLines = readonly string[];

/** In the order of arrival. @param name in lower case; names compare without case (RFC 9110 5.1) */
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
