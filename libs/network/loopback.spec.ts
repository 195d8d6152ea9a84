import { describe, expect, it } from 'vitest';
import { isLoopbackHost } from './loopback.js';

describe('isLoopbackHost', () => {
  it.each([
    ['http://localhost:8080', true],
    ['http://127.0.0.1', true],
    ['http://127.9.9.9', true],
    ['http://2130706433', true],
    ['http://[::1]', true],
    ['http://localhost.example.com', false],
    ['http://127.0.0.1.example.com', false],
    ['http://128.0.0.1', false],
    ['http://[::2]', false],
    ['http://0.0.0.0', false],
  ])('R96: %s is this machine: %s', (address, expected) => {
    expect(isLoopbackHost(new URL(address).hostname)).toBe(expected);
  });
});
