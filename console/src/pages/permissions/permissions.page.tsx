import type { ReactNode } from 'react';
import { Loading } from '../../components/data-table';
import { Checkbox, RadioGroup } from '../../components/field';
import { Form } from '../../components/form';
import { NamesField } from '../../components/names-field';
import { ProblemNotice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import { useAllGroups } from '../../data/groups';
import { PERMISSIONS, type Permissions } from '../../data/permissions';
import { useDocument, type Versioned } from '../../data/versioned';
import { ConflictNotice } from '../../documents/conflict-notice';
import { useEditedDocument, type EditedDocument } from '../../documents/document-form';
import { errorAt, placed, type PlacedWarnings } from '../../documents/field-texts';
import { SaveBar } from '../../documents/save-bar';
import { TopProblem, warningAt, Warnings } from '../../documents/warnings';
import {
  fieldsOfWarning,
  PERMISSION_FIELDS,
  PERMISSION_NAMES,
  permissionLabel,
  type PermissionName,
} from './permission-fields';
import styles from './permissions.module.css';

/** Members that show their errors themselves. */
const SHOWN = PERMISSION_NAMES.flatMap((name) => [`${name}.everyone`, `${name}.groups`, `${name}.readOnlyOnly`]);

const LEAD = 'Who may use and create tokens. A change takes effect within a second, everywhere.';

/** R102: who may use and create tokens, with the warnings beside the fields. */
export function PermissionsPage(): ReactNode {
  const permissions = useDocument(PERMISSIONS);
  return (
    <Page title="Permissions" lead={LEAD}>
      <ProblemNotice problem={permissions.error} />
      {permissions.isPending ? <Loading /> : null}
      {permissions.data === undefined ? null : <PermissionsForm loaded={permissions.data} />}
    </Page>
  );
}

function PermissionsForm({ loaded }: { readonly loaded: Versioned<Permissions> }): ReactNode {
  const edited = useEditedDocument(PERMISSIONS, loaded);
  const { form, shown, problem } = edited;
  const places = placed(shown.warnings, (warning) => fieldsOfWarning(warning, shown));
  return (
    <Form label="Permissions" onSubmit={edited.save}>
      <ConflictNotice edited={edited} labelOf={permissionLabel} />
      {edited.hasConflict ? null : <TopProblem problem={problem} fields={SHOWN} />}
      <Warnings warnings={places.get('')} />
      {PERMISSION_NAMES.map((name) => (
        <PermissionSection key={name} name={name} edited={edited} places={places} draft={form.draft} />
      ))}
      <SaveBar edited={edited} />
    </Form>
  );
}

interface PermissionSectionProps {
  readonly name: PermissionName;
  readonly edited: EditedDocument<Permissions>;
  readonly draft: Permissions;
  readonly places: PlacedWarnings;
}

function PermissionSection({ name, edited, draft, places }: PermissionSectionProps): ReactNode {
  const { title, explanation, groupsLabel, hasEveryone, everyoneLabel } = PERMISSION_FIELDS[name];
  const all = useAllGroups();
  const permission = draft[name];
  const isEveryone = 'everyone' in permission && permission.everyone;
  const groups = (
    <NamesField
      label={groupsLabel}
      hint="Choose a group, or type its name and press Enter. One of them is enough."
      value={permission.groups}
      proposals={all.data?.map((group) => group.name) ?? []}
      error={errorAt(edited.problem, `${name}.groups`)}
      warning={warningAt(places, ...(hasEveryone ? [`${name}.groups`] : [name, `${name}.groups`]))}
      onChange={(value) => edited.set([name, 'groups'], value)}
    />
  );
  return (
    <Section title={title}>
      <div className={styles.fields}>
        <p className={styles.explanation}>{explanation}</p>
        {hasEveryone ? (
          <RadioGroup
            legend={`${title}: who`}
            value={isEveryone ? 'everyone' : 'groups'}
            options={[
              { value: 'everyone', label: everyoneLabel },
              { value: 'groups', label: 'Only members of groups' },
            ]}
            error={errorAt(edited.problem, `${name}.everyone`)}
            warning={warningAt(places, name, `${name}.everyone`)}
            onChange={(value) => edited.set([name, 'everyone'], value === 'everyone')}
          />
        ) : null}
        {/* Groups that are named although everyone is allowed can be taken off. */}
        {isEveryone && permission.groups.length === 0 ? null : groups}
        {'readOnlyOnly' in permission ? (
          <Checkbox
            label="Only read-only tokens"
            hint="Users who may create tokens for others may still create read-write ones."
            isChosen={permission.readOnlyOnly}
            error={errorAt(edited.problem, `${name}.readOnlyOnly`)}
            warning={warningAt(places, `${name}.readOnlyOnly`)}
            onChange={(value) => edited.set([name, 'readOnlyOnly'], value)}
          />
        ) : null}
      </div>
    </Section>
  );
}
