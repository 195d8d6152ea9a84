/** One header line as on the wire: the name in its own case, the value without the white space around it. */
export type HeaderLine = readonly [name: string, value: string];

/** One HTTP/1.1 message, read without any help from Node's own parser. Text is Latin-1, one character a byte. */
export type HttpMessage = {
  readonly startLine: string;
  readonly headerLines: readonly HeaderLine[];
  /** The body with the framing taken off, up to the limit of the reader. */
  readonly body: Buffer;
  /** The length of the whole body in bytes, whatever was kept of it. */
  readonly bodyLength: number;
  /** The SHA-256 of the whole body, in hexadecimal. */
  readonly bodySha256: string;
  readonly trailers: readonly HeaderLine[];
  /** The bytes of the message with all framing, up to the limit of the reader after the head. */
  readonly raw: Buffer;
};

export type HttpMessageHead = Pick<HttpMessage, 'startLine' | 'headerLines'>;

/** The first value of the header with this name, compared without case. */
export function headerValue(lines: readonly HeaderLine[], name: string): string | undefined {
  return headerValues(lines, name)[0];
}

/** The values of every line with this name, in wire order. */
export function headerValues(lines: readonly HeaderLine[], name: string): readonly string[] {
  const wanted = name.toLowerCase();
  return lines.filter(([candidate]) => candidate.toLowerCase() === wanted).map(([, value]) => value);
}
