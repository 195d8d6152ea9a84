import { describe, expect, it } from 'vitest';
import { subjectOf } from './subject.js';

const RAW = { method: 'GET', url: '/a?b=%2F', rawHeaders: ['Host', 'x'], socket: { remoteAddress: '192.0.2.1' } };

describe('the subject', () => {
  it('has the lines as they arrived: each, in order, also twice', () => {
    const rawHeaders = ['Authorization', 'Bearer a', 'authorization', 'Bearer b', 'X_Forwarded_User', 'root'];
    expect(subjectOf({ ...RAW, rawHeaders }).headers).toEqual([
      ['Authorization', 'Bearer a'],
      ['authorization', 'Bearer b'],
      ['X_Forwarded_User', 'root'],
    ]);
  });

  it('leaves out what no decision depends on, and nothing with another spelling', () => {
    const rawHeaders = ['Accept', '*/*', 'TraceParent', '00-1', 'If_None_Match', '"1"', 'Cookie', 'a=b'];
    expect(subjectOf({ ...RAW, rawHeaders }).headers).toEqual([
      ['If_None_Match', '"1"'],
      ['Cookie', 'a=b'],
    ]);
  });

  it('has the whole target, also where a router has taken a prefix off', () => {
    expect(subjectOf({ ...RAW, originalUrl: '/api/a?b=%2F' }).target).toBe('/api/a?b=%2F');
    expect(subjectOf({ raw: RAW }).target).toBe('/a?b=%2F');
  });

  it('has the address by the rules of the framework', () => {
    expect(subjectOf({ ...RAW, ip: '198.51.100.7' }).clientIp).toBe('198.51.100.7');
    expect(subjectOf({ raw: RAW, ip: '198.51.100.7' }).clientIp).toBe('198.51.100.7');
  });

  it('has no address where only that of the connection is known, which may be a proxy', () => {
    expect(subjectOf(RAW).clientIp).toBeNull();
    expect(subjectOf({ raw: RAW }).clientIp).toBeNull();
    expect(subjectOf({ ...RAW, ip: undefined }).clientIp).toBeNull();
  });

  it('has the host of a request of HTTP/2, and none of its other names', () => {
    const rawHeaders = [':method', 'GET', ':authority', 'x', ':path', '/a', 'cookie', 'a=b'];
    expect(subjectOf({ ...RAW, rawHeaders }).headers).toEqual([
      ['Host', 'x'],
      ['cookie', 'a=b'],
    ]);
  });
});
