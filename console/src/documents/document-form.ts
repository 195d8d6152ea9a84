import { useEffect, useRef, useState } from 'react';
import { ApiProblem } from '../api/problem';
import {
  useReloadDocument,
  useSaveDocument,
  useTriedDocument,
  useTryDocument,
  type Change,
  type DocumentSource,
  type Versioned,
} from '../data/versioned';
import { useUnsavedGuard } from '../shell/unsaved';
import { merged, pruned, type Patch } from './patch';

/** Until somebody stops typing. */
const PAUSE_MS = 500;

/** A document with what somebody has changed in it and not saved. */
export interface DocumentForm<Document> {
  /** The version that the changes are for. */
  readonly base: Versioned<Document>;
  /** The document with the changes. */
  readonly draft: Document;
  readonly patch: Patch;
  readonly isChanged: boolean;
  /** @param path of the member, such as `['passwords', 'enabled']` */
  readonly set: (path: readonly string[], value: unknown) => void;
  /** Forgets the changes. */
  readonly reset: () => void;
  /** Goes on with another version, and keeps the changes. */
  readonly rebase: (theirs: Versioned<Document>) => void;
  /** The changes up to now are saved in this version; what was changed since then goes on from it. */
  readonly settle: (saved: Versioned<Document>) => void;
}

/**
 * @param loaded the newest version that is known; it is shown until something is changed
 * @param whole members that a change replaces as a whole
 */
export function useDocumentForm<Document extends object>(
  loaded: Versioned<Document>,
  whole: readonly string[],
): DocumentForm<Document> {
  const [kept, setKept] = useState<Versioned<Document> | null>(null);
  const [edits, setEdits] = useState<Patch>({});
  const latest = useRef(edits);
  useEffect(() => {
    latest.current = edits;
  }, [edits]);
  const base = kept ?? loaded;
  const patch = pruned(edits, base.value, whole);
  return {
    base,
    draft: merged(base.value, edits, whole) as Document,
    patch,
    isChanged: Object.keys(patch).length > 0,
    set: (path, value) => {
      setKept(base);
      setEdits((before) => merged(before, nested(path, value), whole) as Patch);
    },
    reset: () => {
      setKept(null);
      setEdits({});
    },
    rebase: setKept,
    settle: (saved) => {
      const isLatest = latest.current === edits;
      setKept(isLatest ? null : saved);
      if (isLatest) setEdits({});
    },
  };
}

/** `{passwords: {enabled: true}}` */
function nested(path: readonly string[], value: unknown): unknown {
  return path.reduceRight((inner, name) => ({ [name]: inner }), value);
}

/** @returns the text as it was when the typing paused */
function usePaused(text: string | null): string | null {
  const [paused, setPaused] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setPaused(text), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [text]);
  return paused;
}

/** Somebody else has changed the document. */
export function isConflict(problem: unknown): boolean {
  return problem instanceof ApiProblem && problem.code === 'version_mismatch';
}

/** All that a page with a form of a document needs. */
export interface EditedDocument<Document> {
  readonly form: DocumentForm<Document>;
  /** The document whose warnings are shown: as it would be, or as it is stored. */
  readonly shown: Document;
  /** `shown` is what the changes would give. */
  readonly isTried: boolean;
  /** Why the changes cannot be saved, as far as it is known. */
  readonly problem: Error | null;
  readonly hasConflict: boolean;
  /** The newest version, to compare with. */
  readonly theirs: Versioned<Document>;
  readonly isSaving: boolean;
  readonly isSaved: boolean;
  readonly isRefused: boolean;
  readonly set: DocumentForm<Document>['set'];
  readonly save: () => void;
  /** Tries the changes as they are now, also before the typing pauses. */
  readonly check: (onTried: (after: Document) => void) => void;
  readonly reset: () => void;
  /** Forgets the refusal. */
  readonly retry: () => void;
}

/**
 * R102: a document that is tried while somebody edits it, and saved with the version that it was read as.
 * @param loaded the newest version that is known
 */
export function useEditedDocument<Document extends object>(
  source: DocumentSource<Document>,
  loaded: Versioned<Document>,
): EditedDocument<Document> {
  const form = useDocumentForm(loaded, source.whole ?? []);
  const save = useSaveDocument(source);
  const check = useTryDocument(source);
  const reload = useReloadDocument(source);
  const change: Change = { tag: form.base.tag, patch: form.patch };
  const text = form.isChanged ? JSON.stringify(change) : null;
  const paused = usePaused(text);
  const tried = useTriedDocument(source, paused === null || text === null ? null : (JSON.parse(paused) as Change));
  const problem = save.error ?? check.error ?? (form.isChanged ? tried.error : null);
  const hasConflict = isConflict(problem);
  const isSaving = save.isPending || check.isPending;
  const forget = (): void => {
    // What is under way goes on, and what is typed meanwhile is a change to what it gives.
    if (isSaving) return;
    save.reset();
    check.reset();
  };
  useUnsavedGuard(form.isChanged);
  useEffect(() => {
    if (hasConflict) reload();
    // eslint-disable-next-line react-hooks/exhaustive-deps -- once for each conflict
  }, [hasConflict]);
  return {
    form,
    shown: (form.isChanged ? tried.data?.value : undefined) ?? form.base.value,
    isTried: form.isChanged && paused === text && tried.isSuccess && !tried.isPlaceholderData,
    problem,
    hasConflict,
    theirs: loaded,
    isSaving,
    isSaved: save.isSuccess && !form.isChanged,
    isRefused: save.isError || check.isError,
    set: (path, value) => {
      forget();
      form.set(path, value);
    },
    save: () => {
      if (form.isChanged) save.mutate(change, { onSuccess: form.settle });
    },
    check: (onTried) => {
      if (form.isChanged) check.mutate(change, { onSuccess: ({ value }) => onTried(value) });
    },
    reset: () => {
      forget();
      form.reset();
    },
    retry: forget,
  };
}
