import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { headerValues, type HeaderLine } from './http-message.js';
import { request, type RawAnswer } from './raw-client.js';

/** A proxy of `test/corpora/proxies.json`: what it sends and does by its documentation. */
export interface DocumentedProxy {
  readonly id: string;
  readonly lists: { readonly file: string; readonly sent: string | null; readonly replaced: string };
  readonly removes: { readonly key: string; readonly asks: 'before' | 'after' };
  readonly dropsNames: string | null;
  readonly question: {
    readonly method: string;
    readonly target: string;
    readonly host: string;
    readonly drops: readonly string[];
    readonly dropsNominated: boolean;
    readonly joins: boolean;
    readonly sets: readonly HeaderLine[];
  };
  readonly allows: '2xx' | '200';
  readonly emptyLine: 'sent' | 'removed';
}

/** A request as a client sends it to the proxy. */
export interface ClientRequest {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  readonly headers: readonly HeaderLine[];
  readonly body?: string;
}

export interface ProxyPorts {
  /** Of Scopegate. */
  readonly gateway: number;
  readonly upstream: number;
  readonly application: string;
  /** Names that stand in the shipped list, and those that the application of the test has in their place. */
  readonly identityHeaders?: Readonly<Record<string, readonly string[]>>;
}

/** The address of the client, as the proxy reports it. */
export const CLIENT_IP = '203.0.113.7';
const PROXY_IP = '127.0.0.1';

const PROJECT = join(import.meta.dirname, '../..');

/** Asks Scopegate about the request as the proxy does, and sends it on as the proxy does, if that is the answer. */
export async function sendThrough(
  proxy: DocumentedProxy,
  sent: ClientRequest,
  ports: ProxyPorts,
): Promise<{ readonly answer: RawAnswer; readonly isAllowed: boolean }> {
  const client = { ...sent, headers: takenLines(proxy, sent.headers) };
  const fill = (text: string): string =>
    text.replace(/\{(\w+)\}/g, (whole, name: string) => valuesOf(client, ports)[name] ?? whole);
  const answer = await request({
    port: ports.gateway,
    method: fill(proxy.question.method),
    target: fill(proxy.question.target),
    headers: [['Host', fill(proxy.question.host)], ...questionLines(proxy, client, fill)],
  });
  const isAllowed = proxy.allows === '2xx' ? answer.status >= 200 && answer.status < 300 : answer.status === 200;
  if (isAllowed) await forward(proxy, client, answer, ports);
  return { answer, isAllowed };
}

/** The entries of a list in a shipped file: `- Name`, `- exact: name` or `Name: ''` below the key, or one line. */
export function shippedList(file: string, key: string): readonly string[] {
  const text = readFileSync(join(PROJECT, file), 'utf8');
  const [, indent = '', rest = '', below = ''] =
    new RegExp(`^( *)${key}: *(.*)\\n((?:^(?:\\1 .*|\\s*)\\n)*)`, 'm').exec(text) ?? [];
  const entries =
    rest === ''
      ? [...below.matchAll(/^ *(?:- (?:exact: )?([\w-]+)|([\w-]+): '')$/gm)].map(
          ([, item, member]) => item ?? member ?? '',
        )
      : rest.split(',').map((name) => name.trim());
  if (entries.length === 0) throw new Error(`${file} has no list ${key} at "${indent}".`);
  return entries;
}

function removedNames({ lists, removes }: DocumentedProxy): readonly string[] {
  return shippedList(lists.file, removes.key);
}

function valuesOf(client: ClientRequest, ports: ProxyPorts): Readonly<Record<string, string>> {
  const { method, target, host } = client;
  return { method, target, host, application: ports.application, client: CLIENT_IP, proxy: PROXY_IP };
}

function takenLines(proxy: DocumentedProxy, lines: readonly HeaderLine[]): readonly HeaderLine[] {
  const dropped = proxy.dropsNames === null ? null : new RegExp(proxy.dropsNames);
  const taken = lines.filter(([name]) => dropped?.test(name) !== true);
  return proxy.removes.asks === 'after' ? without(taken, removedNames(proxy)) : taken;
}

function questionLines(
  { lists, question }: DocumentedProxy,
  { headers }: ClientRequest,
  fill: (text: string) => string,
): readonly HeaderLine[] {
  const listed = lists.sent === null ? null : ['Authorization', ...shippedList(lists.file, lists.sent)];
  const seen = listed === null ? headers : only(headers, listed);
  const dropped = [
    ...question.drops,
    ...(question.dropsNominated ? nominatedNames(headers) : []),
    ...question.sets.map(([name]) => name),
  ];
  const own = question.sets.map(([name, value]): HeaderLine => [name, fill(value)]).filter(([, value]) => value !== '');
  const kept = without(seen, dropped);
  return [...(question.joins ? joined(kept) : kept), ...own];
}

async function forward(
  proxy: DocumentedProxy,
  client: ClientRequest,
  answer: RawAnswer,
  ports: ProxyPorts,
): Promise<void> {
  const { lists, question, emptyLine } = proxy;
  const names = shippedList(lists.file, lists.replaced).flatMap(
    (name) => ports.identityHeaders?.[name.toLowerCase()] ?? [name],
  );
  const replaced = names.flatMap((name) =>
    headerValues(answer.headerLines, name).map((value) => [name, value] as const),
  );
  const hopByHop = ['Connection', 'Upgrade', ...(question.dropsNominated ? nominatedNames(client.headers) : [])];
  await request({
    port: ports.upstream,
    method: client.method,
    target: client.target,
    headers: [
      ['Host', client.host],
      ...without(client.headers, [...names, ...hopByHop, ...removedNames(proxy)]),
      ...upgradeLines(client.headers),
      ...replaced.filter(([, value]) => emptyLine === 'sent' || value !== ''),
    ],
    ...(client.body === undefined ? {} : { body: client.body }),
  });
}

/** A proxy makes these lines itself. */
function upgradeLines(lines: readonly HeaderLine[]): readonly HeaderLine[] {
  const [protocol] = headerValues(lines, 'upgrade');
  return protocol === undefined
    ? []
    : [
        ['Connection', 'Upgrade'],
        ['Upgrade', protocol],
      ];
}

function nominatedNames(lines: readonly HeaderLine[]): readonly string[] {
  return headerValues(lines, 'connection').flatMap((value) => value.split(',').map((name) => name.trim()));
}

function without(lines: readonly HeaderLine[], names: readonly string[]): readonly HeaderLine[] {
  const lower = new Set(names.map((name) => name.toLowerCase()));
  return lines.filter(([name]) => !lower.has(name.toLowerCase()));
}

function only(lines: readonly HeaderLine[], names: readonly string[]): readonly HeaderLine[] {
  const lower = new Set(names.map((name) => name.toLowerCase()));
  return lines.filter(([name]) => lower.has(name.toLowerCase()));
}

/** RFC 9110 5.3; cookies by RFC 9113 8.2.3. */
function joined(lines: readonly HeaderLine[]): readonly HeaderLine[] {
  const byName = new Map<string, HeaderLine>();
  for (const [name, value] of lines) {
    const lower = name.toLowerCase();
    const before = byName.get(lower);
    const text = before === undefined ? value : `${before[1]}${lower === 'cookie' ? '; ' : ','}${value}`;
    byName.set(lower, [lower, text]);
  }
  return [...byName.values()];
}
