import { expect, it } from 'vitest';
import { clientBlock } from './client-block.js';

it.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:0:7::1', '2001:db8:0:7::/64'],
  ['2001:db8::7:1:2:3:4', '2001:db8:0:7::/64'],
  ['::1', '0:0:0:0::/64'],
])('R112: %s is one client with all of %s', (address, block) => {
  expect(clientBlock(address)).toBe(block);
});
