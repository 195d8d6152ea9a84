import { useState, type ReactNode } from 'react';
import { Loading } from '../../components/data-table';
import { Form } from '../../components/form';
import { ProblemNotice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import { SETTINGS, type Settings } from '../../data/settings';
import { useDocument, type Versioned } from '../../data/versioned';
import { ConflictNotice } from '../../documents/conflict-notice';
import { useEditedDocument, type EditedDocument } from '../../documents/document-form';
import { errorAt, placed, type PlacedWarnings, type Warning } from '../../documents/field-texts';
import { isObject } from '../../documents/patch';
import { SaveBar } from '../../documents/save-bar';
import { TopProblem, warningAt, Warnings } from '../../documents/warnings';
import { ConsoleWarnings } from '../../documents/console-warnings';
import { ConfirmSettings, reasonsToAsk, type ReasonToAsk } from './confirm-settings';
import { SettingInput } from './setting.field';
import {
  SETTING_FIELDS,
  SETTING_OF_WARNING,
  SETTING_SECTIONS,
  settingLabel,
  type SettingSection,
} from './setting-fields';
import styles from './settings.module.css';

const LEAD = 'Rules for all applications. A change takes effect within a second, everywhere.';

/** R102: the settings, with the warnings beside the fields, before and after saving. */
export function SettingsPage(): ReactNode {
  const settings = useDocument(SETTINGS);
  return (
    <Page title="Settings" lead={LEAD}>
      <ConsoleWarnings />
      <ProblemNotice problem={settings.error} />
      {settings.isPending ? <Loading /> : null}
      {settings.data === undefined ? null : <SettingsForm loaded={settings.data} />}
    </Page>
  );
}

function SettingsForm({ loaded }: { readonly loaded: Versioned<Settings> }): ReactNode {
  const edited = useEditedDocument(SETTINGS, loaded);
  const [asked, setAsked] = useState<readonly ReasonToAsk[]>([]);
  const { form, shown, problem } = edited;
  const places = placed(shown.warnings, fieldsOf);
  // What the change would do is asked once more: somebody may be quicker than the pause of the typing.
  const submit = (): void =>
    edited.check((after) => {
      const reasons = reasonsToAsk(form.base.value, after);
      if (reasons.length === 0) edited.save();
      else setAsked(reasons);
    });
  return (
    <Form label="Settings" onSubmit={submit}>
      <ConflictNotice edited={edited} labelOf={settingLabel} />
      {edited.hasConflict ? null : <TopProblem problem={problem} fields={SETTING_FIELDS} />}
      <Warnings warnings={places.get('')} />
      {SETTING_SECTIONS.map((section) => (
        <SettingsSection key={section.name} section={section} edited={edited} places={places} />
      ))}
      <SaveBar edited={edited} />
      <ConfirmSettings
        reasons={asked}
        isBusy={edited.isSaving}
        onClose={() => setAsked([])}
        onConfirm={() => {
          setAsked([]);
          edited.save();
        }}
      />
    </Form>
  );
}

function fieldsOf({ code }: Warning): readonly string[] {
  const field = SETTING_OF_WARNING[code];
  return field === undefined ? [] : [field];
}

interface SettingsSectionProps {
  readonly section: SettingSection;
  readonly edited: EditedDocument<Settings>;
  readonly places: PlacedWarnings;
}

function SettingsSection({ section, edited, places }: SettingsSectionProps): ReactNode {
  const values = (edited.form.draft as unknown as Readonly<Record<string, unknown>>)[section.name];
  if (!isObject(values)) return null;
  return (
    <Section title={section.title}>
      <div className={styles.fields}>
        <p className={styles.explanation}>{section.explanation}</p>
        {section.fields.map((field) => {
          const path = `${section.name}.${field.name}`;
          return (
            <SettingInput
              key={path}
              field={field}
              section={values}
              value={values[field.name]}
              error={errorAt(edited.problem, path)}
              warning={warningAt(places, path)}
              onChange={(value) => edited.set([section.name, field.name], value)}
            />
          );
        })}
      </div>
    </Section>
  );
}
