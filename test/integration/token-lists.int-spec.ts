import { DataSource } from 'typeorm';
import { beforeAll, expect, it } from 'vitest';
import { TokenEntity } from '../../src/tokens/token.entity.js';
import { describeOnEachDatabase } from '../support/each-database.js';

const COUNT = 2_600;

interface ListedPage {
  readonly items: readonly { readonly id: string; readonly description: string }[];
  readonly nextCursor: string | null;
}

describeOnEachDatabase('lists of more tokens than are looked at in one statement', (server) => {
  let expected: readonly string[];

  beforeAll(async () => {
    const made = await server().admin.post<{ id: string }>('/tokens', { description: 'first', scope: 'read-only' });
    const rows = server().app.get(DataSource).getRepository(TokenEntity);
    const { sequence: _sequence, ...model } = await rows.findOneByOrFail({ id: made.body.id });
    const tokens = Array.from({ length: COUNT }, (_, index) => ({
      ...model,
      id: `seed${String(index).padStart(8, '0')}`,
      // Many share a value, a third has none: places within equal values and within nulls are met.
      description: index % 13 === 0 ? `needle ${index % 5}` : `hay ${index % 7}`,
      expiresAtMs: index % 3 === 0 ? null : model.createdAtMs + 86_400_000 * (1 + (index % 4)),
      lastUsedAtMs: index % 3 === 1 ? null : model.createdAtMs + (index % 10),
    }));
    for (let at = 0; at < COUNT; at += 200) await rows.insert(tokens.slice(at, at + 200));
    expected = tokens.filter(({ description }) => description.startsWith('needle')).map(({ id }) => id);
  });

  const SORTS = ['createdAt', 'expiresAt', 'lastUsedAt', 'description', 'owner'].flatMap((field) => [
    field,
    `-${field}`,
  ]);

  /** Every page of a list, from the first to the last. */
  async function pagesOf(query: string): Promise<readonly ListedPage[]> {
    const pages: ListedPage[] = [];
    let cursor: string | null = null;
    do {
      const from: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const answer: { status: number; body: ListedPage } = await server().admin.get<ListedPage>(
        `/tokens?${query}${from}`,
      );
      expect(answer.status).toBe(200);
      pages.push(answer.body);
      cursor = answer.body.nextCursor;
    } while (cursor !== null);
    return pages;
  }

  it.each(SORTS)('R82: a search sorted by %s finds each token once, page by page', async (sort) => {
    const pages = await pagesOf(`q=NEEDLE&limit=30&sort=${sort}`);
    const found = pages.flatMap(({ items }) => items.map(({ id }) => id));
    expect(found.toSorted()).toEqual(expected.toSorted());
  });

  it('R82: a search that nothing meets comes to its end', async () => {
    const pages = await pagesOf('q=nowhere&status=suspended');
    expect(pages.flatMap(({ items }) => items)).toEqual([]);
  });
});
