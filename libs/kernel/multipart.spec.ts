import { describe, expect, it } from 'vitest';
import { multipartNames } from './multipart.js';

const TYPE = 'multipart/form-data; boundary=----WebKitFormBoundaryAb1';

const part = (head: string, content = 'x'): string => `------WebKitFormBoundaryAb1\r\n${head}\r\n\r\n${content}\r\n`;
const END = '------WebKitFormBoundaryAb1--\r\n';
const FIELD = 'Content-Disposition: form-data; name="title"';

const namesOf = (body: string, type = TYPE): readonly string[] | null =>
  multipartNames(['Content-Type', type], Buffer.from(body, 'latin1'));

describe('the names of a multipart form', () => {
  it('R71: are found as clients write them', () => {
    const file = 'Content-Disposition: form-data; name="file"; filename="a b.txt"\r\nContent-Type: text/plain';
    expect(namesOf(part(FIELD) + part(file, 'a\r\n\r\nsudo=1\n--other') + END)).toEqual(['title', 'file']);
    expect(namesOf(part(`${file}\r\nContent-Transfer-Encoding: binary`) + END)).toEqual(['file']);
    expect(namesOf(part(FIELD) + END.trimEnd())).toEqual(['title']);
    expect(namesOf(part(FIELD) + END, TYPE.replace(/=(.*)/, '="$1"'))).toEqual(['title']);
  });

  it.each([
    ['another boundary', part(FIELD) + END, `${TYPE}; boundary=x`],
    ['a boundary in parts', part(FIELD) + END, TYPE.replace('boundary', 'boundary*0')],
    ['a boundary that a reader may cut', part(FIELD) + END, `${TYPE} x`],
    ['a type of another kind', part(FIELD) + END, TYPE.replace('form-data', 'mixed')],
    ['the boundary within a part', part(FIELD, 'a ------WebKitFormBoundaryAb1 b') + END, TYPE],
    ['the boundary after a bare line feed', part(FIELD, `a\n${part('Content-Disposition: x').trim()}`) + END, TYPE],
    ['text before the first part', `x\r\n${part(FIELD)}${END}`, TYPE],
    ['text after the last part', `${part(FIELD)}${END}x`, TYPE],
    ['no end', part(FIELD), TYPE],
    ['a name without quotes', part('Content-Disposition: form-data; name=sudo') + END, TYPE],
    ['a name in parts', part('Content-Disposition: form-data; name*0=su; name*1=do') + END, TYPE],
    ['an encoded name', part("Content-Disposition: form-data; name*=utf-8''sudo") + END, TYPE],
    ['a name with an escape', part('Content-Disposition: form-data; name="su%64o"') + END, TYPE],
    ['two names', part('Content-Disposition: form-data; name="a"; name="sudo"') + END, TYPE],
    ['two dispositions', part(`${FIELD}\r\n${FIELD}`) + END, TYPE],
    ['no disposition', part('Content-Type: text/plain') + END, TYPE],
    ['a name of another line', part(`${FIELD}\r\nContent-ID: sudo`) + END, TYPE],
    ['a folded line', part(`${FIELD};\r\n filename="x"`) + END, TYPE],
    ['parts in a part', part(`${FIELD}\r\nContent-Type: multipart/mixed; boundary=y`) + END, TYPE],
    ['no head', `------WebKitFormBoundaryAb1\r\n\r\nx\r\n${END}`, TYPE],
    ['no type', part(FIELD) + END, ''],
  ])('R71: are unclear with %s', (_name, body, type) => {
    expect(namesOf(body, type)).toBeNull();
  });
});
