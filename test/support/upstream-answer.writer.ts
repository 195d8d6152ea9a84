import type { Socket } from 'node:net';
import { headerValue, type HeaderLine } from './http-message.js';

export type AnswerBody = string | Buffer | AsyncIterable<string | Buffer>;

/** What the upstream answers. Without a length of its own among the headers, the body is framed as it needs. */
export type UpstreamAnswer = {
  readonly status?: number;
  readonly statusText?: string;
  /** Sent as they are and in this order; a name may occur several times. */
  readonly headers?: readonly HeaderLine[];
  /** An iterable is sent chunked, piece by piece. A string is UTF-8. */
  readonly body?: AnswerBody;
  readonly trailers?: readonly HeaderLine[];
  readonly delayMs?: number;
  /** Never answers; the connection stays open. */
  readonly hang?: boolean;
  /** Resets the connection: in place of an answer, or after `destroyAfterBytes` bytes of its body. */
  readonly destroy?: boolean;
  readonly destroyAfterBytes?: number;
  /** Ends the connection after the answer. */
  readonly close?: boolean;
  /** These bytes (a string is Latin-1) in place of an answer made of the rest. */
  readonly raw?: string | Buffer;
};

const REASON_PHRASES: Readonly<Record<number, string>> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  302: 'Found',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};

/** Writes an answer to a request of a method. @returns false to reset the connection after `destroyAfterBytes` */
export async function writeAnswer(socket: Socket, method: string, content: UpstreamAnswer): Promise<boolean> {
  const status = content.status ?? 200;
  const headers: HeaderLine[] = [...(content.headers ?? [])];
  const body = content.body ?? '';
  const whole = typeof body === 'string' ? Buffer.from(body, 'utf8') : Buffer.isBuffer(body) ? body : undefined;
  const mayHaveBody = status >= 200 && status !== 204 && status !== 304;
  const isFramed = headerValue(headers, 'content-length') ?? headerValue(headers, 'transfer-encoding');
  let chunked = headerValue(headers, 'transfer-encoding')?.toLowerCase() === 'chunked';
  if (isFramed === undefined && mayHaveBody) {
    chunked = whole === undefined || content.trailers !== undefined;
    headers.push(chunked ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(whole?.length ?? 0)]);
  }
  const statusText = content.statusText ?? REASON_PHRASES[status] ?? 'Status';
  const lines = [`HTTP/1.1 ${status} ${statusText}`, ...headers.map(([name, value]) => `${name}: ${value}`), '', ''];
  await writeBytes(socket, Buffer.from(lines.join('\r\n'), 'latin1'));
  if (!mayHaveBody || method === 'HEAD') {
    return true;
  }
  let allowance = content.destroyAfterBytes ?? Number.POSITIVE_INFINITY;
  for await (const piece of whole === undefined ? (body as AsyncIterable<string | Buffer>) : [whole]) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'utf8') : piece;
    const sent = bytes.subarray(0, Math.min(bytes.length, allowance));
    allowance -= sent.length;
    if (sent.length > 0) {
      await writeBytes(
        socket,
        chunked ? Buffer.concat([Buffer.from(`${sent.length.toString(16)}\r\n`), sent, Buffer.from('\r\n')]) : sent,
      );
    }
    if (allowance <= 0 && content.destroyAfterBytes !== undefined) {
      return false;
    }
    if (socket.destroyed) {
      return true;
    }
  }
  if (chunked) {
    const trailers = (content.trailers ?? []).map(([name, value]) => `${name}: ${value}\r\n`).join('');
    await writeBytes(socket, Buffer.from(`0\r\n${trailers}\r\n`, 'latin1'));
  }
  return true;
}

/** Writes and waits until the bytes have left, or until the connection is gone. */
export function writeBytes(socket: Socket, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    if (socket.destroyed || bytes.length === 0) {
      resolve();
      return;
    }
    socket.write(bytes, () => resolve());
  });
}
