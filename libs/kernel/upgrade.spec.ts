import { describe, expect, it } from 'vitest';
import { requestedUpgrade, upgradeProtocols } from './upgrade.js';

const upgrade = (...protocols: string[]): string[] => [
  'Connection',
  'Upgrade',
  ...protocols.flatMap((protocol) => ['Upgrade', protocol]),
];

describe('an upgrade that a request asks for', () => {
  it.each([
    [upgrade('websocket'), 'websocket'],
    [['connection', 'keep-alive, uPgRaDe', 'UPGRADE', 'WebSocket'], 'WebSocket'],
    [['Connection', 'keep-alive', 'Connection', 'upgrade', 'Upgrade', 'tcp'], 'tcp'],
    [upgrade('chat/2, chat/1'), 'chat/2, chat/1'],
    [upgrade('websocket', ' chat '), 'websocket, chat'],
  ])('R116: %j is %j', (lines, expected) => {
    expect(requestedUpgrade(lines)).toBe(expected);
  });

  it.each([
    [['Upgrade', 'websocket']],
    [['Connection', 'keep-alive', 'Upgrade', 'websocket']],
    [['Connection', 'Upgrade']],
    [['Connection', 'Upgraded', 'Upgrade', 'websocket']],
    [upgrade('')],
    [upgrade(' , ,')],
    [[]],
  ])('R116: %j asks for none', (lines) => {
    expect(requestedUpgrade(lines)).toBeNull();
  });

  it.each(['h2c', 'H2C', 'h2', 'h3', 'HTTP/2.0', 'http', 'TLS/1.3', 'SPDY/3.1', 'h2c/1', 'h2c, tls/1.0'])(
    'R67: %s would carry requests that are not judged, so it is left out',
    (protocol) => {
      expect(requestedUpgrade(upgrade(protocol))).toBeNull();
      expect(requestedUpgrade(upgrade(`${protocol}, websocket`))).toBe('websocket');
      expect(requestedUpgrade(upgrade('websocket', protocol))).toBe('websocket');
    },
  );

  it.each(['web socket', 'websocket;q=1', 'a/b/c', '"websocket"', 'h2c\0', '/1', 'wébsocket'])(
    'R67: %j is not the name of a protocol',
    (protocol) => {
      expect(requestedUpgrade(upgrade(protocol))).toBeNull();
    },
  );

  it('R116: the protocols of an answer are read in the same way', () => {
    expect(upgradeProtocols(['Upgrade', 'a, b', 'upgrade', 'c'])).toEqual(['a', 'b', 'c']);
  });
});
