import type { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';

/** The package `ws`, as far as tests use it. */
export interface WebSocket extends EventEmitter {
  readonly protocol: string;
  send(data: string | Buffer, options?: { readonly binary: boolean }): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: string, listener: (...values: never[]) => void): this;
}

interface SocketServer extends EventEmitter {
  readonly clients: ReadonlySet<WebSocket>;
  on(event: 'connection', listener: (socket: WebSocket, request: IncomingMessage) => void): this;
}

interface Package {
  readonly ws: new (
    address: string,
    protocols: readonly string[],
    options: { readonly headers: Readonly<Record<string, string>> },
  ) => WebSocket;
  readonly wsServer: new (options: { readonly server: Server; readonly handleProtocols: () => string }) => SocketServer;
}

// The browser's driver brings it along, without types.
const location: string = 'playwright-core/lib/utilsBundle';

const { ws, wsServer } = (await import(location)) as Package;

export const WebSocket = ws;

export const WebSocketServer = wsServer;
