import type { RequestListener, Server } from 'node:http';
import { Readable } from 'node:stream';
import helmet from '@fastify/helmet';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { codeProblem } from '@scopegate/problem';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { DecisionRecorder } from './access/decision.recorder.js';
import { AppModule } from './app.module.js';
import { ApplicationsService } from './applications/applications.service.js';
import { OwnListeners } from './applications/own-listeners.js';
import { exchangeOf, TOKEN_EXPIRES } from './common/access/exchange.js';
import { AllowedMethods } from './common/http/allowed-methods.js';
import { ProblemFilter } from './common/http/problem.filter.js';
import { writeProblem } from './common/http/problem.writer.js';
import { RequestLog } from './common/logging/request.log.js';
import { StructuredLogger } from './common/logging/structured.logger.js';
import { setUpSwagger } from './common/swagger/document.js';
import { createValidationPipe } from './common/validation/validation.pipe.js';
import type { Leftovers } from './common/stop/stop-sequence.js';
import type { Configuration } from './config/env.js';
import { setUpConsole } from './console/console-files.js';
import { FirstAdministrator } from './directory/first-administrator.js';
import { ForwardAuthService } from './forward-auth/forward-auth.service.js';
import { FrontDoor } from './gateway/front-door.js';
import { GatewayService } from './gateway/gateway.service.js';
import { LoopDetector } from './gateway/loop.detector.js';
import { openDatabase, type OpenedDatabase } from './opened-database.js';
import { VendorErrorFilter } from './tokens/vendor/vendor-error.filter.js';
import { ServerStop } from './server-stop.js';
import { PeerLink } from './peers/peer.link.js';
import type { ServerAddresses } from './peers/topics.js';

export interface RunningServer extends ServerAddresses {
  readonly app: NestFastifyApplication;
  /**
   * Drains, stops accepting, finishes what is under way, and stores what is recorded.
   * @returns what is left unfinished; empty if everything ended normally
   */
  close(): Promise<Leftovers>;
}

export interface StartOptions {
  /** Absent if this is the only process of its node. */
  readonly peers?: PeerLink;
  /** Called before the first request, with what stops the server from then on. */
  readonly onStoppable?: (stop: ServerStop) => void;
}

/** `main.ts` and the end-to-end tests start the server in the same way. */
export async function startServer(
  configuration: Configuration,
  { peers = new PeerLink(), onStoppable }: StartOptions = {},
): Promise<RunningServer> {
  const database = await openDatabase(configuration);
  const frontDoor = new FrontDoor();
  const app = await createApp(configuration, database, peers, frontDoor);
  await configureManagement(app, frontDoor);
  await app.init();
  const stop = new ServerStop(app, frontDoor, configuration);
  onStoppable?.(stop);
  leaveBodiesUnread(app.getHttpAdapter().getInstance());
  const firstAdministrator = app.get(FirstAdministrator);
  const isFirstStart = await firstAdministrator.isMissing();
  if (!isFirstStart) openDoor(app, frontDoor);
  // Connections stay with the worker that accepts them: the ports open once the other workers can take their share.
  await peers.primary?.ask('listen', null, null);
  const addresses = await openPorts(app, frontDoor, configuration);
  // Before the ports open: no client finds a server without a user.
  if (isFirstStart) {
    await firstAdministrator.make();
    openDoor(app, frontDoor);
  }
  const ports = new Set([addresses.port, addresses.managementPort]);
  app.get(OwnListeners).set([...ports].map((port) => ({ host: configuration.host, port })));
  return { app, ...addresses, close: () => stop.run() };
}

function createApp(
  configuration: Configuration,
  database: OpenedDatabase,
  peers: PeerLink,
  frontDoor: FrontDoor,
): Promise<NestFastifyApplication> {
  const serves = configuration.managementPort === null ? 'both' : 'gateway';
  return NestFactory.create<NestFastifyApplication>(
    AppModule.forRoot(configuration, database, peers),
    new FastifyAdapter({
      // A user name of 255 characters, percent-encoded.
      routerOptions: { maxParamLength: 2_400 },
      frameworkErrors: (error: FastifyError, request: FastifyRequest, reply: FastifyReply) => {
        frontDoor.noteAnswered(exchangeOf(request));
        refuseUnroutable(error, request, reply);
      },
      // The front door answers these.
      clientErrorHandler: () => undefined,
      serverFactory: (handler: RequestListener): Server => frontDoor.createServer(serves, handler),
    }),
    {
      logger: new StructuredLogger(configuration.logLevel, peers.workerNumber),
      abortOnError: false,
      bodyParser: false,
    },
  );
}

function openDoor(app: NestFastifyApplication, frontDoor: FrontDoor): void {
  frontDoor.open({
    gateway: app.get(GatewayService),
    forwardAuth: app.get(ForwardAuthService),
    loops: app.get(LoopDetector),
    applications: app.get(ApplicationsService),
    requestLog: app.get(RequestLog),
  });
}

async function openPorts(
  app: NestFastifyApplication,
  frontDoor: FrontDoor,
  { host, port, managementPort }: Configuration,
): Promise<ServerAddresses> {
  await app.listen(port, host);
  const boundPort = portOf(app.getHttpServer());
  if (managementPort === null) return { port: boundPort, managementPort: boundPort };
  const management = frontDoor.createServer('management');
  await listen(management, managementPort, host);
  return { port: boundPort, managementPort: portOf(management) };
}

async function configureManagement(app: NestFastifyApplication, frontDoor: FrontDoor): Promise<void> {
  const allowedMethods = new AllowedMethods();
  app.useGlobalFilters(new VendorErrorFilter(new ProblemFilter(allowedMethods)));
  app.useGlobalPipes(createValidationPipe());
  const fastify = app.getHttpAdapter().getInstance();
  fastify.addHook('onRoute', ({ method, url, config }) => {
    if (typeof method === 'string' && !(config !== undefined && 'isRefusing' in config)) {
      allowedMethods.add(method, url);
    }
  });
  await fastify.register(helmet, {
    contentSecurityPolicy: {
      // Swagger UI has inline styles; everything else comes from this server.
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        upgradeInsecureRequests: null,
      },
    },
    // Only the proxy in front of this server knows whether all clients use https.
    strictTransportSecurity: false,
  });
  const recorder = app.get(DecisionRecorder);
  fastify.addHook('onSend', (request: FastifyRequest, reply: FastifyReply, payload: unknown, done) => {
    const exchange = exchangeOf(request);
    frontDoor.noteAnswered(exchange);
    if (exchange.closesAfter(reply.statusCode)) void reply.header('Connection', 'close');
    const expires = exchange.tokenExpires;
    if (expires !== null) void reply.header(TOKEN_EXPIRES, expires);
    // Only requests that a guard has judged are events; documentation and health are not.
    const isJudged = exchange.admitted !== null || exchange.denial !== null || exchange.login !== null;
    // A request that is refused because nothing can be recorded is counted, though no guard has judged it.
    if (exchange.isSettled || !(isJudged || exchange.problem?.code === 'audit_unavailable')) {
      done(null, payload);
      return;
    }
    recorder.settle(exchange, reply.statusCode, {
      release: () => done(null, payload),
      drop: () => {
        reply.raw.destroy();
        if (payload instanceof Readable) payload.destroy();
      },
    });
  });
  fastify.addHook('onRequest', (_request: FastifyRequest, reply: FastifyReply, done) => {
    void reply.header('Cache-Control', 'no-store');
    done();
  });
  setUpSwagger(app);
  await setUpConsole(app);
}

/**
 * Fastify would read bodies before the guards judge the request. So Fastify gets no method with a body; the last guard
 * reads what a caller may send (R112).
 */
function leaveBodiesUnread(fastify: FastifyInstance): void {
  for (const method of fastify.supportedMethods) {
    fastify.addHttpMethod(method, { hasBody: false, overrideExisting: true });
  }
}

/** For requests that no hook or filter sees, such as a broken percent-encoding. */
function refuseUnroutable(error: FastifyError, request: FastifyRequest, reply: FastifyReply): void {
  const [code, detail] =
    error.code === 'FST_ERR_BAD_URL'
      ? (['request_malformed', 'The path contains a percent sign that encodes no UTF-8.'] as const)
      : (['not_found', 'There is nothing at this path. The API is documented at /docs.'] as const);
  const exchange = exchangeOf(request);
  reply.hijack();
  writeProblem(exchange, codeProblem(code, detail, exchange.requestId), exchange.closesAfter(400));
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => resolve());
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
