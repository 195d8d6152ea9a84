import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule, type OpenAPIObject } from '@nestjs/swagger';
import type { StepUpFor } from '@scopegate/access';
import { BROWSER_COOKIES } from '@scopegate/token';
import {
  DOOR_EXTENSION,
  PASSWORD_LOGIN_EXTENSION,
  SESSION_EXTENSION,
  STEP_UP_EXTENSION,
} from '../access/route.decorators.js';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { BASIC_SCHEME, BEARER_SCHEME, SESSION_SCHEME } from './api-route.decorator.js';
import { shapeDocument } from './document-shape.js';
import { doorPaths, DOORS_TAG } from './door-paths.js';
import { SWAGGER_UI_PLUGINS } from './swagger-ui-plugins.js';
import { SWAGGER_UI_STYLE } from './swagger-ui-style.js';

const DESCRIPTION = `The management API of Scopegate: tokens, permissions, settings, applications, users and the audit log.

**To try it here**, press *Authorize* and give the user name and password of an administrator under \`basic\` (the first
start prints the password of \`admin\`), or a Scopegate token under \`token\`.

Errors are RFC 9457 problems with a stable \`code\`. Every answer has an \`X-Request-Id\`, which is also in the audit log.`;

/** Groups of operations, in the order that a reader needs. */
const TAGS = [
  ['Session', 'Log in and out with a browser'],
  ['Me', 'Your user and its permissions'],
  ['Tokens', 'Create, show, rotate and revoke tokens'],
  ['Permissions', 'Who may use and create tokens'],
  ['Settings', 'Validity, addresses, passwords, throttling and audit'],
  ['Applications', 'The protected applications'],
  ['Directories', 'Users and groups from LDAP and Active Directory'],
  ['Users', 'Users of the directory'],
  ['Groups', 'Groups of the directory'],
  ['Audit', 'The audit log'],
  ['Keys', 'What rests on the pepper and the encryption key'],
  ['Explain', 'How a request is judged'],
  [DOORS_TAG, 'A proxy asks whether a request may pass'],
  ['Introspection', 'Whether a token is valid, and the decision for the guard of another application'],
  ['Health', 'The state of the server'],
] as const;

const NO_TOKEN = 'A token may not do this, whatever its scope: log in with your password (403 `scope_insufficient`).';

const STEP_UP: Readonly<Record<StepUpFor, string>> = {
  everybody:
    'With the session of a browser, the login must be at most 15 minutes old (403 `step_up_required`): see ' +
    '`POST /api/v1/session/step-up`.',
  privileged:
    'With the session of a browser, the login of administrators, and of users who may create tokens for others, must ' +
    'be at most 15 minutes old (403 `step_up_required`): see `POST /api/v1/session/step-up`.',
};

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;

/** Made from the types and comments of controllers and DTOs. */
export function createOpenApiDocument(app: NestFastifyApplication): OpenAPIObject {
  const builder = new DocumentBuilder()
    .setTitle('Scopegate')
    .setDescription(DESCRIPTION)
    .setVersion('1')
    .setOpenAPIVersion('3.1.0')
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This server')
    .addBasicAuth(
      { type: 'http', scheme: 'basic', description: 'User name and password, or user name and token.' },
      BASIC_SCHEME,
    )
    .addBearerAuth(
      {
        type: 'http',
        scheme: 'bearer',
        bearerFormat: 'sg_<id>_<secret>_<checksum>',
        description: 'A Scopegate token.',
      },
      BEARER_SCHEME,
    )
    .addCookieAuth(
      BROWSER_COOKIES.https,
      {
        type: 'apiKey',
        description:
          'The session of a browser, from `POST /api/v1/session`; over plain http its name is `scopegate`. Requests ' +
          'that change something must come from a page of this server.',
      },
      SESSION_SCHEME,
    );
  for (const [name, description] of TAGS) builder.addTag(name, description);
  const document = SwaggerModule.createDocument(app, builder.build(), {
    // Generated clients use the names of the methods.
    operationIdFactory: (_controller, method) => method,
  });
  Object.assign(document.paths, doorPaths());
  tellPasswordLogins(document);
  tellStepUps(document);
  tellSessions(document);
  return shapeDocument(document);
}

/** Routes that accept no token (R125) say so, and offer only the password. */
function tellPasswordLogins(document: OpenAPIObject): void {
  for (const { method, operation } of markedOperations(document, PASSWORD_LOGIN_EXTENSION)) {
    if (method === 'get') continue;
    operation.security = [{ [BASIC_SCHEME]: [] }, { [SESSION_SCHEME]: [] }];
    operation.description = [operation.description, NO_TOKEN].filter((text) => text !== undefined).join(' ');
  }
}

/** Routes that need a recent login (R99) say so. */
function tellStepUps(document: OpenAPIObject): void {
  for (const { method, operation, mark } of markedOperations(document, STEP_UP_EXTENSION)) {
    if (method === 'get') continue;
    const text = STEP_UP[mark as StepUpFor];
    operation.description = [operation.description, text].filter((part) => part !== undefined).join(' ');
  }
}

/** Routes about a session take nothing else, and doors take none (R99). */
function tellSessions(document: OpenAPIObject): void {
  for (const { operation } of markedOperations(document, SESSION_EXTENSION)) {
    operation.security = [{ [SESSION_SCHEME]: [] }];
  }
  for (const { operation } of markedOperations(document, DOOR_EXTENSION)) {
    operation.security = [{ [BASIC_SCHEME]: [] }, { [BEARER_SCHEME]: [] }];
  }
}

type Method = (typeof METHODS)[number];
type Operation = NonNullable<OpenAPIObject['paths'][string][Method]>;

/** Those with an extension that is for us alone; it is taken away. */
function markedOperations(
  document: OpenAPIObject,
  extension: string,
): readonly { readonly method: Method; readonly operation: Operation; readonly mark: unknown }[] {
  const marked: { method: Method; operation: Operation; mark: unknown }[] = [];
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) {
      const operation = path[method];
      if (operation === undefined || !Reflect.has(operation, extension)) continue;
      const mark: unknown = Reflect.get(operation, extension);
      Reflect.deleteProperty(operation, extension);
      marked.push({ method, operation, mark });
    }
  }
  return marked;
}

/** Swagger UI at `/docs`, the document at `/docs/openapi.json`. */
export function setUpSwagger(app: NestFastifyApplication): void {
  labelViewport(app);
  SwaggerModule.setup('docs', app, () => createOpenApiDocument(app), {
    jsonDocumentUrl: 'docs/openapi.json',
    raw: ['json'],
    customSiteTitle: 'Scopegate API',
    customCss: SWAGGER_UI_STYLE,
    swaggerOptions: {
      persistAuthorization: false,
      displayRequestDuration: true,
      displayOperationId: false,
      tryItOutEnabled: true,
      docExpansion: 'list',
      defaultModelsExpandDepth: 0,
      filter: true,
      // Otherwise Swagger UI offers a validator on the internet.
      validatorUrl: null,
      plugins: SWAGGER_UI_PLUGINS,
    },
  });
}

/** Nest's page has no viewport, so a phone would show it far too small. */
function labelViewport(app: NestFastifyApplication): void {
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onSend', (request: FastifyRequest, _reply: FastifyReply, payload: unknown, done) => {
    const isPage = typeof payload === 'string' && request.url.startsWith('/docs') && payload.includes(HEAD_OF_PAGE);
    done(null, isPage ? payload.replace(HEAD_OF_PAGE, `${HEAD_OF_PAGE}\n  ${VIEWPORT}`) : payload);
  });
}

const HEAD_OF_PAGE = '<meta charset="UTF-8">';
const VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">';
