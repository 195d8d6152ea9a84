import { describe, expect, it } from 'vitest';
import { isHeaderFieldName } from './header-field-name.js';

describe('isHeaderFieldName', () => {
  it.each(['X-Forwarded-For', 'Forwarded', 'x_real_ip', 'CF-Connecting-IP', "!#$%&'*+-.^_`|~0", 'a'.repeat(128)])(
    'R39: a proxy header can be named %s',
    (name) => {
      expect(isHeaderFieldName(name)).toBe(true);
    },
  );

  it.each(['', ' ', 'X Forwarded', 'X-Real-IP:', 'X-Real-IP\r\n', 'a,b', '(a)', 'é', 'ａ', '"a"', 'a'.repeat(129)])(
    'R39: no header can be named %j',
    (name) => {
      expect(isHeaderFieldName(name)).toBe(false);
    },
  );
});
