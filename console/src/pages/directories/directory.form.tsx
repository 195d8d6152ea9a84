import { useId, useState, type ReactNode } from 'react';
import { Form } from '../../components/form';
import {
  useCreateDirectory,
  useTestDirectory,
  useUpdateDirectory,
  type Directory,
  type TriedLogin,
} from '../../data/directories';
import { useDocumentForm, type DocumentForm } from '../../documents/document-form';
import { errorAt, placed, type Warning } from '../../documents/field-texts';
import { SaveBar } from '../../documents/save-bar';
import { TopProblem, warningAt } from '../../documents/warnings';
import styles from './directories.module.css';
import { bodyOf, NEW_DIRECTORY, triedOf, type DirectoryDraft } from './directory-draft';
import { DIRECTORY_MEMBERS, worded, wordedProblem } from './directory-texts';
import { ConnectionSection, GroupsSection, NameSection, TimesSection, UsersSection } from './directory.sections';
import type { DirectorySectionProps } from './member.field';
import { TestSection } from './test.section';

interface DirectoryFormProps {
  /** Null makes a new one. */
  readonly saved: Directory | null;
  readonly onCreated?: (directory: Directory) => void;
}

const PASSWORD_NEEDED =
  'To test what you changed, type the bind password. The stored one is only used for what is saved.';

/** R92: a directory, tested before it is saved. */
export function DirectoryForm({ saved, onCreated }: DirectoryFormProps): ReactNode {
  const id = useId();
  const { form, test, refused, isSaving, isSaved, isPasswordNeeded, sections, ...edit } = useEditedDirectory(saved);
  return (
    <div className={styles.page}>
      <Form id={id} label="Directory" onSubmit={() => edit.save(onCreated)}>
        {refused === null ? null : <TopProblem problem={wordedProblem(refused)} fields={DIRECTORY_MEMBERS} />}
        <NameSection {...sections} />
        <ConnectionSection {...sections} />
        <UsersSection {...sections} />
        <GroupsSection {...sections} />
        <TimesSection {...sections} />
      </Form>
      <TestSection
        isSaved={saved !== null && !form.isChanged}
        test={test}
        isRefused={isPasswordNeeded}
        onTest={edit.tryOut}
      />
      <SaveBar
        formId={id}
        savedText="Saved. The next synchronisation goes by it."
        edited={{ form, isTried: false, isSaving, isSaved, isRefused: refused !== null, reset: edit.reset }}
      />
    </div>
  );
}

interface EditedDirectory {
  readonly form: DocumentForm<DirectoryDraft>;
  readonly test: ReturnType<typeof useTestDirectory>;
  /** Why it was not saved. */
  readonly refused: Error | null;
  readonly isSaving: boolean;
  readonly isSaved: boolean;
  readonly isPasswordNeeded: boolean;
  readonly sections: DirectorySectionProps;
  readonly save: (onCreated?: (directory: Directory) => void) => void;
  readonly tryOut: (login: TriedLogin) => void;
  readonly reset: () => void;
}

/** @param saved null for a new one */
function useEditedDirectory(saved: Directory | null): EditedDirectory {
  const create = useCreateDirectory();
  const update = useUpdateDirectory(saved?.key ?? '');
  const test = useTestDirectory();
  const form = useDocumentForm<DirectoryDraft>({ value: saved ?? NEW_DIRECTORY, tag: '' }, []);
  const [isPasswordNeeded, setPasswordNeeded] = useState(false);
  const refused = create.error ?? update.error;
  const places = placed((saved?.warnings ?? []).map(inWords), fieldsOfWarning);
  const forget = (): void => {
    for (const call of [create, update, test]) call.reset();
    setPasswordNeeded(false);
  };
  return {
    form,
    test,
    refused,
    isSaving: create.isPending || update.isPending,
    isSaved: update.isSuccess,
    isPasswordNeeded,
    sections: {
      saved,
      draft: form.draft,
      errorOf: (field) => {
        const error = errorAt(refused ?? test.error, field);
        if (error !== null) return worded(error);
        return field === 'bindPassword' && isPasswordNeeded ? PASSWORD_NEEDED : null;
      },
      warningOf: (field) => warningAt(places, field),
      set: (path, value) => {
        forget();
        form.set(path, value);
      },
    },
    save: (onCreated) => {
      forget();
      if (saved === null) create.mutate(bodyOf(form.draft), { onSuccess: (made) => onCreated?.(made) });
      else if (form.isChanged) update.mutate(form.patch, { onSuccess: form.reset });
    },
    tryOut: (login) => {
      forget();
      const tried = triedOf(saved, form.draft, form.patch);
      if (tried === null) setPasswordNeeded(true);
      else test.mutate({ tried, login });
    },
    reset: () => {
      forget();
      form.reset();
    },
  };
}

function inWords({ code, message }: Warning): Warning {
  return { code, message: worded(message) };
}

function fieldsOfWarning({ code }: Warning): readonly string[] {
  return code === 'directory_without_tls' ? ['url'] : [];
}
