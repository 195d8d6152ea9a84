import { useMemo, useState, type ReactNode } from 'react';
import { useLocation } from 'wouter';
import { Button } from '../../components/button';
import { Loading } from '../../components/data-table';
import { ConfirmDialog } from '../../components/dialog';
import { Form } from '../../components/form';
import { ProblemNotice } from '../../components/notice';
import { Page } from '../../components/page';
import { applicationSource, useDeleteApplication, usePresets, type Application } from '../../data/applications';
import { useDocument, type DocumentSource, type Versioned } from '../../data/versioned';
import { ConflictNotice } from '../../documents/conflict-notice';
import { useEditedDocument } from '../../documents/document-form';
import { placed } from '../../documents/field-texts';
import { SaveBar } from '../../documents/save-bar';
import { TopProblem, Warnings } from '../../documents/warnings';
import { forgetUnsaved } from '../../shell/unsaved';
import {
  AccessSection,
  AddressSection,
  IdentitySection,
  PathsSection,
  RestSection,
  type SectionProps,
} from './application.sections';
import { applicationLabel, fieldsOfWarning, APPLICATION_FIELDS, restOf } from './application-fields';
import { CheckSection } from './check.section';

/** R104: one application, to be changed, tested and deleted. */
export function ApplicationPage({ applicationKey }: { readonly applicationKey: string }): ReactNode {
  const source = useMemo(() => applicationSource(applicationKey), [applicationKey]);
  const application = useDocument(source);
  const [isDeleting, setDeleting] = useState(false);
  return (
    <Page
      title={application.data?.value.name ?? applicationKey}
      lead={`The application “${applicationKey}”. A change takes effect within a second.`}
      actions={
        <Button look="danger" onClick={() => setDeleting(true)} disabled={application.data === undefined}>
          Delete
        </Button>
      }
    >
      <ProblemNotice problem={application.error} />
      {application.isPending ? <Loading /> : null}
      {application.data === undefined ? null : (
        <>
          <ApplicationForm source={source} loaded={application.data} />
          <CheckSection applicationKey={applicationKey} />
        </>
      )}
      {isDeleting ? <DeleteDialog applicationKey={applicationKey} onClose={() => setDeleting(false)} /> : null}
    </Page>
  );
}

interface ApplicationFormProps {
  readonly source: DocumentSource<Application>;
  readonly loaded: Versioned<Application>;
}

function ApplicationForm({ source, loaded }: ApplicationFormProps): ReactNode {
  const edited = useEditedDocument(source, loaded);
  const presets = usePresets();
  const [isJsonBroken, setJsonBroken] = useState(false);
  const { form, shown } = edited;
  const props: SectionProps = {
    edited,
    draft: form.draft,
    places: placed(shown.warnings, fieldsOfWarning),
    preset: presets.data?.find(({ kind }) => kind === form.draft.kind),
  };
  const fields = [...APPLICATION_FIELDS, ...Object.keys(restOf(form.draft))];
  return (
    <Form label="Application" onSubmit={() => (isJsonBroken ? undefined : edited.save())}>
      <ConflictNotice edited={edited} labelOf={applicationLabel} />
      {edited.hasConflict ? null : <TopProblem problem={edited.problem} fields={fields} />}
      <Warnings warnings={props.places.get('')} />
      <AddressSection {...props} />
      <AccessSection {...props} />
      <IdentitySection {...props} />
      <PathsSection {...props} />
      <RestSection {...props} onBroken={setJsonBroken} />
      <SaveBar edited={edited} />
    </Form>
  );
}

interface DeleteDialogProps {
  readonly applicationKey: string;
  readonly onClose: () => void;
}

function DeleteDialog({ applicationKey, onClose }: DeleteDialogProps): ReactNode {
  const [, navigate] = useLocation();
  const remove = useDeleteApplication();
  return (
    <ConfirmDialog
      isOpen
      onClose={onClose}
      title={`Delete ${applicationKey}?`}
      description="Clients reach it no longer, and its stored credentials are deleted. The application itself stays as it is. This cannot be undone."
      action="Delete"
      isBusy={remove.isPending}
      problem={remove.error}
      onConfirm={() =>
        remove.mutate(applicationKey, {
          onSuccess: () => {
            forgetUnsaved();
            navigate('/applications');
          },
        })
      }
    />
  );
}
