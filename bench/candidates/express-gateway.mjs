// express-gateway with key-auth in front of its proxy. Prints its only valid key.
import { cpSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const [port, upstream, home, adminPort] = process.argv.slice(2);
const require = createRequire(import.meta.url);
const main = require.resolve('express-gateway');
cpSync(join(dirname(main), 'config/models'), join(home, 'models'), { recursive: true });
writeFileSync(
  join(home, 'gateway.config.yml'),
  `http:
  port: ${port}
  hostname: 127.0.0.1
admin:
  port: ${adminPort}
  host: 127.0.0.1
apiEndpoints:
  api:
    host: '*'
    paths: '/*'
serviceEndpoints:
  upstream:
    url: '${upstream}'
policies:
  - key-auth
  - proxy
pipelines:
  main:
    apiEndpoints:
      - api
    policies:
      - key-auth:
      - proxy:
          - action:
              serviceEndpoint: upstream
`,
);
writeFileSync(
  join(home, 'system.config.yml'),
  `db:
  redis:
    emulate: true
    namespace: EG
crypto:
  cipherKey: benchmark
  algorithm: aes256
  saltRounds: 10
session:
  secret: benchmark
  resave: false
  saveUninitialized: false
accessTokens:
  timeToExpiry: 7200000
refreshTokens:
  timeToExpiry: 7200000
authorizationCodes:
  timeToExpiry: 300000
`,
);
process.env.LOG_LEVEL = 'error';
await require('express-gateway')().load(home).run();

async function post(path, body) {
  const answer = await fetch(`http://127.0.0.1:${adminPort}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
const user = await post('/users', { username: 'alice', firstname: 'Alice', lastname: 'Bench' });
const { keyId, keySecret } = await post('/credentials', {
  consumerId: user.id,
  type: 'key-auth',
  credential: {},
});
process.stdout.write(`key ${keyId}:${keySecret}\n`);
