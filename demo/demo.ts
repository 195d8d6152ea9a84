import { startSampleUpstream, type SampleUpstream } from './sample-upstream.js';
import { startServer, type ServerProcess } from './server-process.js';
import { createStoryPrinter, toCurl, type StoryPrinter } from './story-printer.js';
import { tellStory, type StoryEnd } from './story.js';

function printAddresses(printer: StoryPrinter, server: ServerProcess, upstream: SampleUpstream, end: StoryEnd): void {
  printer.heading('Everything is still running, in a temporary folder that is removed at the end');
  printer.line(`   Console          ${server.url}/console`);
  printer.line(`   Swagger UI       ${server.url}/docs`);
  printer.line(`   Gateway          ${server.url}/demo`);
  printer.line(`   Sample upstream  ${upstream.url}`);
  printer.line(`   Administrator    admin with the password ${server.adminPassword}`);
  printer.line(`   User             alice with the password ${end.password}`);
  printer.line(`   Her token        ${end.token} (read-write, until ${end.expiresAt ?? 'it is revoked'})`);
  printer.line('\n   Try it yourself:');
  const write = { method: 'PUT', body: { fields: { summary: 'Changed by me' } } };
  for (const call of [{ method: 'GET' }, write]) {
    const url = `${server.url}/demo/rest/api/2/issue/DEMO-1`;
    printer.line(`   $ ${toCurl({ ...call, url, user: 'alice', secret: end.token })}`);
  }
  printer.line(
    '   Or open the console and log in as alice: make a token of your own, and see why a request was refused.',
  );
  printer.line('   Log in as admin for the overview, settings, users and the audit log. Swagger UI has the whole API.');
}

/** Resolves with the end of the process that started this one, which the shell between them does not always pass on. */
function parentEnded(): Promise<void> {
  const parent = process.ppid;
  return new Promise((resolve) => {
    if (process.env['npm_lifecycle_event'] !== undefined) {
      setInterval(() => (process.ppid === parent ? undefined : resolve()), 1_000).unref();
    }
  });
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked && signal === 'SIGINT') {
          // Whoever asks twice does not want to wait.
          process.exit(130);
        }
        asked = true;
        resolve();
      });
    }
  });
}

/** Runs the demo and answers the exit code. */
async function run(): Promise<number> {
  const colours = process.stdout.isTTY && process.env['NO_COLOR'] === undefined;
  const printer = createStoryPrinter((text) => process.stdout.write(text), colours);
  const stop = Promise.race([stopAsked(), parentEnded()]).then((): 'stop' => 'stop');
  const upstream = await startSampleUpstream();
  let server: ServerProcess | undefined;
  try {
    printer.line(
      'Scopegate stands in front of an HTTP API that cannot be changed, and lets scripts use tokens in place of',
    );
    printer.line(
      'passwords. This is its main job, step by step. Every call is printed as the curl command that repeats it.',
    );
    printer.line('\nStarting the server and a sample issue tracker …');
    const starting = startServer();
    const started = await Promise.race([starting, stop]);
    if (started === 'stop') {
      // The start has its own limit of time; a server that comes up after all is ended below.
      server = await starting;
      return 0;
    }
    server = started;
    const end = await Promise.race([tellStory(printer, server, upstream), stop]);
    if (end === 'stop') {
      return 0;
    }
    printAddresses(printer, server, upstream, end);
    if (process.env['SCOPEGATE_TEST_DEMO_ONCE'] === '1') {
      return 0;
    }
    printer.line('\n   Press Ctrl-C to stop.');
    const ending = await Promise.race([stop, server.ended.then((): 'ended' => 'ended')]);
    if (ending === 'ended') {
      process.stderr.write(`\nThe demo failed: the server ended by itself. It wrote:\n${server.output()}\n`);
      return 1;
    }
    printer.line('\nStopping …');
    return 0;
  } catch (error) {
    process.stderr.write(`\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`);
    if (server !== undefined && server.output() !== '') {
      process.stderr.write(`\nThe last the server wrote:\n${server.output().slice(-2_000)}\n`);
    }
    return 1;
  } finally {
    await server?.stop();
    await upstream.stop();
  }
}

process.exit(await run());
