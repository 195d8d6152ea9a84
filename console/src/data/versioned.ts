import {
  keepPreviousData,
  useMutation,
  useQuery,
  useQueryClient,
  type UseMutationResult,
  type UseQueryResult,
} from '@tanstack/react-query';
import { answerOf } from '../api/client';

/** A document with the version that it has at the server. */
export interface Versioned<Document> {
  readonly value: Document;
  /** Sent as `If-Match`, so that nobody’s change is lost. */
  readonly tag: string;
}

/** A merge patch, and the version that it is for. */
export interface Change {
  readonly tag: string;
  readonly patch: Readonly<Record<string, unknown>>;
}

/** How a document is read and changed. */
export interface DocumentSource<Document> {
  /** Of the query. */
  readonly key: readonly string[];
  /** Also read again after a change. */
  readonly alsoChanges: readonly (readonly string[])[];
  /** Members that a change replaces as a whole. */
  readonly whole?: readonly string[];
  readonly read: () => Promise<Versioned<Document>>;
  /** @param dryRun stores nothing: the answer is what the change would give, with its warnings (R102) */
  readonly patch: (change: Change, dryRun: boolean) => Promise<Versioned<Document>>;
}

/** As `answerOf`, with the `ETag` of the answer. */
export async function versionedAnswerOf<Data>(call: Parameters<typeof answerOf<Data>>[0]): Promise<Versioned<Data>> {
  let tag = '';
  const value = await answerOf<Data>(async () => {
    const answer = await call();
    tag = answer.response.headers.get('ETag') ?? '';
    return answer;
  });
  return { value, tag };
}

/** A proxy that compresses answers may make the tag a weak one, which `If-Match` never accepts. */
export function ifMatch(tag: string): string {
  return tag.replace(/^W\//, '');
}

export function useDocument<Document>(source: DocumentSource<Document>): UseQueryResult<Versioned<Document>> {
  return useQuery({ queryKey: source.key, queryFn: source.read });
}

/** What a change would give. @param change null asks nothing */
export function useTriedDocument<Document>(
  source: DocumentSource<Document>,
  change: Change | null,
): UseQueryResult<Versioned<Document>> {
  return useQuery({
    queryKey: [...source.key, 'tried', change],
    queryFn: () => {
      if (change === null) throw new Error('There is nothing to try.');
      return source.patch(change, true);
    },
    enabled: change !== null,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
}

/** Asks once, right before a save. */
export function useTryDocument<Document>(
  source: DocumentSource<Document>,
): UseMutationResult<Versioned<Document>, Error, Change> {
  return useMutation({ mutationFn: (change) => source.patch(change, true) });
}

export function useSaveDocument<Document>(
  source: DocumentSource<Document>,
): UseMutationResult<Versioned<Document>, Error, Change> {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change) => source.patch(change, false),
    onSuccess: async (saved) => {
      queries.setQueryData(source.key, saved);
      await Promise.all(source.alsoChanges.map((queryKey) => queries.invalidateQueries({ queryKey })));
    },
  });
}

/** @returns reads the document again, if a page shows it */
export function useReloadDocument(source: DocumentSource<unknown>): () => void {
  const queries = useQueryClient();
  return () => {
    void queries.invalidateQueries({ queryKey: source.key, exact: true });
  };
}
