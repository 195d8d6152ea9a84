import { expect, it } from 'vitest';
import { bodyKindOf, mediaTypesOf } from './media-type.js';

it.each([
  [[], [], 'unknown'],
  [['Content-Type', 'application/json'], ['application/json'], 'json'],
  [['content-type', ' Application/JSON ; charset=utf-8'], ['application/json'], 'json'],
  [['Content-Type', 'application/merge-patch+json'], ['application/merge-patch+json'], 'json'],
  [['Content-Type', 'application/x-www-form-urlencoded;x'], ['application/x-www-form-urlencoded'], 'form'],
  [['Content-Type', 'text/plain'], ['text/plain'], 'other'],
  [['Content-Type', ''], [''], 'unknown'],
  [['Content-Type', 'json'], ['json'], 'unknown'],
  [['Content-Type', 'application/json, text/plain'], ['application/json', 'text/plain'], 'unknown'],
  [['Content-Type', 'text/plain', 'X', 'y', 'Content-Type', 'text/json'], ['text/plain', 'text/json'], 'unknown'],
  [['Content-Type', 'text/plain, multipart/mixed'], ['text/plain', 'multipart/mixed'], 'multipart'],
] as const)('R12, R112: the lines %j declare %j, a body of the kind %s', (lines, types, kind) => {
  expect(mediaTypesOf(lines)).toEqual(types);
  expect(bodyKindOf(lines)).toBe(kind);
});
