import { MutationObserver } from '@tanstack/react-query';
import { expect, it } from 'vitest';
import { createQueryClient } from './query-client';

it.each([
  ['taken', () => Promise.resolve('a secret of a token')],
  ['refused', () => Promise.reject(new Error('The password is wrong.'))],
])('R99: a password that was %s is forgotten as soon as no component shows the answer', async (_end, mutationFn) => {
  const queries = createQueryClient();
  const observer = new MutationObserver<string, Error, string>(queries, { mutationFn });
  const unsubscribe = observer.subscribe(() => undefined);
  await observer.mutate('a password').catch(() => undefined);
  expect(queries.getMutationCache().getAll()).toHaveLength(1);
  unsubscribe();
  await expect.poll(() => queries.getMutationCache().getAll()).toEqual([]);
});
