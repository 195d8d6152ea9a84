import type { ProblemBody } from './api.client.js';
import { gatewayTest } from './gateway-test.js';
import type { HeaderLine } from './http-message.js';
import type { PrivateServer } from './private-server.js';
import { request, type RawAnswer } from './raw-client.js';
import { startShippedNginx, type ShippedForm } from './shipped-nginx.server.js';

export const FORMS = ['request', 'headers', 'cached'] as const satisfies readonly ShippedForm[];

/** `it` for files that share a gateway, the application `app` at `/app`, and an nginx of each form in front of both. */
export const nginxTest = gatewayTest
  .extend('secrets', { scope: 'file' }, async ({ gateway, upstream }) => {
    await gateway.patchSettings({ reverseProxy: { enabled: true, trustedProxies: ['127.0.0.1'] } });
    await gateway.createApplication({
      key: 'app',
      kind: 'generic',
      anonymous: 'allow',
      passwords: 'forward',
      mount: { pathPrefix: '/app' },
      upstream: upstream.url,
      blockedPaths: [{ path: '/admin/**' }],
    });
    await gateway.createUser({ username: 'alice' });
    const secretOf = async (scope: 'read-only' | 'read-write'): Promise<string> =>
      (await gateway.createToken({ owner: 'alice', scope })).secret;
    return { readOnly: await secretOf('read-only'), readWrite: await secretOf('read-write') };
  })
  .extend('servers', { scope: 'file' }, async ({ gateway, upstream }, { onCleanup }) => {
    const start = (form: ShippedForm): Promise<PrivateServer> =>
      startShippedNginx({ form, scopegatePort: gateway.port, applicationPort: upstream.port });
    const servers = { request: await start('request'), headers: await start('headers'), cached: await start('cached') };
    onCleanup(async () => {
      for (const server of Object.values(servers)) await server.stop();
    });
    return servers;
  })
  .extend(
    'send',
    ({ servers, secrets: _secrets }) =>
      (form: ShippedForm, method: string, target: string, headers: readonly HeaderLine[] = [], body?: string) =>
        request({
          port: servers[form].port,
          method,
          target,
          headers: [['Connection', 'close'], ...headers],
          ...(body === undefined ? {} : { body }),
        }),
  );

/** Of a refusal. */
export function codeOf(answer: RawAnswer): [status: number, code: string] {
  return [answer.status, answer.json<ProblemBody>().code];
}
