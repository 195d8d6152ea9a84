import { createServer } from 'node:http';
import { listen } from './listen.js';

/** A server of somebody else, whose pages attack. */
export type ForeignSite = {
  readonly port: number;
  stop(): Promise<void>;
};

const PAGE = '<!doctype html><title>somebody else</title><link rel="icon" href="data:,"><p>Win a prize!</p>';

/**
 * `/` is a page, `/no-referrer` one whose requests have no referrer, and a POST to `/redirect?to=…` is answered with a
 * redirection that keeps method and body.
 */
export async function startForeignSite(): Promise<ForeignSite> {
  const server = createServer((request, response) => {
    request.resume();
    const url = new URL(request.url ?? '/', 'http://site.test');
    const to = url.searchParams.get('to');
    if (to !== null) {
      response.writeHead(307, { Location: to }).end();
      return;
    }
    const policy: Record<string, string> =
      url.pathname === '/no-referrer' ? { 'Referrer-Policy': 'no-referrer' } : { 'Referrer-Policy': 'unsafe-url' };
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...policy }).end(PAGE);
  });
  const port = await listen(server);
  return {
    port,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
