import { isJsonObject, readStrictJson, topLevelNames } from '@scopegate/kernel';
import { queryParameters } from './query-parameter.js';

/** R14; null: the method of the request decides. */
export type GitService = 'read' | 'write' | 'lfs-batch' | null;

/** Of a Git LFS batch request. */
export type LfsOperation = 'download' | 'upload' | 'unknown';

/**
 * R14: below `/scm/`. A fetch needs its exact path; every path that could be a push counts as one. So does an
 * advertisement whose service is missing, unknown or repeated.
 * @param query without its `?`, or null
 */
export function gitService(method: string, canonical: string, query: string | null): GitService {
  if (!canonical.startsWith('/scm/')) {
    return null;
  }
  if (hasSegments(canonical, '/git-receive-pack')) {
    return 'write';
  }
  const resource = repositoryResource(canonical);
  if (method === 'POST') {
    switch (resource) {
      case '/git-upload-pack':
        // Git sends no query here; another service would be a trick.
        return query === null || namesNoService(query) || advertisesUploadPack(query) ? 'read' : 'write';
      case '/info/lfs/objects/batch':
        return 'lfs-batch';
      default:
        return null;
    }
  }
  if ((method === 'GET' || method === 'HEAD') && hasSegments(canonical, '/info/refs')) {
    return resource === '/info/refs' && advertisesUploadPack(query) ? 'read' : 'write';
  }
  return null;
}

/**
 * `unknown` if two parsers could disagree: a repeated or differently spelled name, or anything but one valid JSON
 * object.
 */
export function lfsOperation(body: string | Buffer): LfsOperation {
  const json = readStrictJson(typeof body === 'string' ? Buffer.from(body) : body);
  if (json === null || !isJsonObject(json.value)) return 'unknown';
  const names = topLevelNames(json.text);
  if (new Set(names).size !== names.length) {
    return 'unknown';
  }
  for (const name of names) {
    if (name !== 'operation' && name.normalize('NFKC').trim().toLowerCase() === 'operation') {
      return 'unknown';
    }
  }
  const operation = Object.hasOwn(json.value, 'operation') ? json.value['operation'] : undefined;
  return operation === 'download' || operation === 'upload' ? operation : 'unknown';
}

/** The path after `/scm/{project}/{repository}`, or ''. */
function repositoryResource(canonical: string): string {
  const project = canonical.indexOf('/', '/scm/'.length);
  const repository = project < 0 ? -1 : canonical.indexOf('/', project + 1);
  return repository < 0 ? '' : canonical.slice(repository);
}

function hasSegments(path: string, segments: string): boolean {
  for (let index = path.indexOf(segments); index >= 0; index = path.indexOf(segments, index + 1)) {
    const end = index + segments.length;
    if (end === path.length || path.charCodeAt(end) === 0x2f) {
      return true;
    }
  }
  return false;
}

function namesNoService(query: string): boolean {
  return queryParameters(query).every(({ name }) => name !== 'service');
}

function advertisesUploadPack(query: string | null): boolean {
  const services = queryParameters(query ?? '').filter(({ name }) => name === 'service');
  return services.length === 1 && services[0]?.value === 'git-upload-pack';
}
