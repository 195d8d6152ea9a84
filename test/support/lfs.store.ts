import { createHash, randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';

const LFS_TYPE = 'application/vnd.git-lfs+json';
const STORAGE = '/rest/git-lfs/storage/';

type Batch = {
  readonly operation: string;
  readonly objects: readonly { readonly oid: string; readonly size: number }[];
};

type StorageRequest = { readonly method: string; readonly authorization: string; readonly user: string };

/**
 * The LFS side of a git server, as Bitbucket has it: a batch answers with addresses below `/rest/git-lfs/storage/` and
 * with a credential of the server's own for them.
 */
export type LfsStore = {
  /** The credential that batches hand out. */
  readonly credential: string;
  /** The address of the server as clients reach it; batches answer with it. */
  publicUrl: string;
  readonly objects: ReadonlyMap<string, Buffer>;
  /** Requests for objects, as they arrived. */
  readonly storageRequests: readonly StorageRequest[];
  /** For `startGitUpstream`. */
  readonly serve: (request: IncomingMessage, response: ServerResponse) => boolean;
};

export function createLfsStore(): LfsStore {
  const credential = `JWT ${randomBytes(24).toString('base64url')}`;
  const objects = new Map<string, Buffer>();
  const storageRequests: StorageRequest[] = [];

  const answerBatch = ({ operation, objects: asked }: Batch): object => ({
    transfer: 'basic',
    objects: asked.map(({ oid, size }) => {
      const isThere = objects.has(oid);
      if (operation === 'download' && !isThere) return { oid, size, error: { code: 404, message: 'Not found' } };
      if (operation === 'upload' && isThere) return { oid, size };
      const href = `${store.publicUrl}${STORAGE}${oid}`;
      return {
        oid,
        size,
        authenticated: true,
        actions: { [operation]: { href, header: { Authorization: credential } } },
      };
    }),
  });

  const serveObject = (oid: string, request: IncomingMessage, response: ServerResponse, body: Buffer): void => {
    const { method = '', headers } = request;
    const user = headers['x-forwarded-user'];
    storageRequests.push({ method, authorization: headers.authorization ?? '', user: String(user ?? '') });
    if (headers.authorization !== credential) {
      response.writeHead(401).end();
    } else if (method === 'PUT') {
      const isWhole = createHash('sha256').update(body).digest('hex') === oid;
      if (isWhole) objects.set(oid, body);
      response.writeHead(isWhole ? 200 : 422).end();
    } else {
      const object = objects.get(oid);
      response.writeHead(object === undefined ? 404 : 200).end(object);
    }
  };

  const store: LfsStore = {
    credential,
    publicUrl: '',
    objects,
    storageRequests,
    serve: (request, response) => {
      const target = request.url ?? '';
      const isBatch = target.endsWith('/info/lfs/objects/batch');
      if (!isBatch && !target.includes('/info/lfs/') && !target.startsWith(STORAGE)) return false;
      void readAll(request).then((body) => {
        if (target.startsWith(STORAGE)) {
          serveObject(target.slice(STORAGE.length), request, response, body);
          return;
        }
        response.writeHead(isBatch ? 200 : 404, { 'Content-Type': LFS_TYPE });
        response.end(
          JSON.stringify(isBatch ? answerBatch(JSON.parse(body.toString('utf8')) as Batch) : { message: 'No locks' }),
        );
      });
      return true;
    },
  };
  return store;
}

async function readAll(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
