import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonShapeProblem } from './json-shape.js';

describe('the shape of a JSON text', () => {
  it.each([
    ['{}', null],
    ['[]', null],
    ['"a"', null],
    ['{"a":1,"b":{"a":1},"c":[{"a":1},{"a":2}]}', null],
    ['{"a":"a","b":"a"}', null],
    ['["a","a"]', null],
    ['{"a":["a","a"],"b":1}', null],
    ['{"a":1,"a":1}', 'repeated-name'],
    ['{"a":1,"\\u0061":1}', 'repeated-name'],
    ['{"x":[{"a":1,"b":2,"a":2}]}', 'repeated-name'],
    ['{"x":{"a":1},"x":2}', 'repeated-name'],
    ['{"\\"":1,"\\"":2}', 'repeated-name'],
    ['{"a":"{\\"b\\":1,\\"b\\":2}"}', null],
    ['{"__proto__":1}', 'forbidden-name'],
    ['{"a":{"__pr\\u006fto__":1}}', 'forbidden-name'],
    ['{"constructor":1}', 'forbidden-name'],
    ['{"a":"__proto__","b":["constructor"]}', null],
    ['[[[1]]]', null],
    ['[[[[1]]]]', 'too-deep'],
    ['{"a":{"b":{"c":{}}}}', 'too-deep'],
    ['[[],[],[],[]]', null],
  ])('names a member once, and never the prototype: %s', (text, expected) => {
    JSON.parse(text);
    expect(jsonShapeProblem(text, 3)).toBe(expected);
  });

  it.each([
    ['{"a":1,"b":2,"c":3}', null],
    ['{"a":1,"b":2,"c":3,"d":4}', 'too-many-names'],
    ['{"a":{"a":1,"b":2,"c":3},"b":{"a":1,"b":2,"c":3},"c":3}', null],
    ['[{"a":{"a":1,"b":2,"c":3,"d":4}}]', 'too-many-names'],
    ['["a","b","c","d"]', null],
  ])('R112: bounds the names of one object: %s', (text, expected) => {
    expect(jsonShapeProblem(text, 3, { maxNames: 3 })).toBe(expected);
  });

  it.each([
    ['[1,2,3,4,5]', null],
    ['[1,2,3,4,5,6]', 'too-many-values'],
    ['[[],[],[]]', 'too-many-values'],
    ['{"a":{"b":{}},"c":1}', null],
    ['["a,b,c,[,{",",,,,,"]', null],
  ])('R112: bounds the values all in all: %s', (text, expected) => {
    expect(jsonShapeProblem(text, 3, { maxValues: 5 })).toBe(expected);
  });

  it('R112: can be asked about a text that is no JSON, and ends', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('{', '}', '[', ']', ',', '"', '\\', 'u', 'a'), maxLength: 60 }),
        (text) => {
          expect(() => jsonShapeProblem(text, 8, { maxNames: 3, maxValues: 20 })).not.toThrow();
        },
      ),
    );
  });

  it('never finds fault with what a serializer has written, and stops at any depth', () => {
    const names = fc.string().filter((name) => !['__proto__', 'constructor', 'prototype'].includes(name));
    const { tree } = fc.letrec((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        fc.string(),
        fc.double({ noNaN: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie('tree'), { maxLength: 4 }),
        fc.dictionary(names, tie('tree'), { maxKeys: 4 }),
      ),
    }));
    fc.assert(fc.property(tree, (value) => jsonShapeProblem(JSON.stringify(value), 1000) === null));
    expect(jsonShapeProblem('['.repeat(500_000) + ']'.repeat(500_000), 64)).toBe('too-deep');
  });
});
