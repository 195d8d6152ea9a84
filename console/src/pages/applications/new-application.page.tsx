import { useState, type ReactNode } from 'react';
import { Button } from '../../components/button';
import { Loading } from '../../components/data-table';
import { Checkbox, FieldRow, RadioGroup, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { ProblemNotice } from '../../components/notice';
import { Page, Section } from '../../components/page';
import {
  useCreateApplication,
  usePresets,
  type Application,
  type NewApplication,
  type Preset,
} from '../../data/applications';
import { errorAt } from '../../documents/field-texts';
import { TopProblem } from '../../documents/warnings';
import styles from './applications.module.css';
import { CreatedSection } from './created.section';
import { PresetFacts } from './preset-facts';

/** R104: an application from what the gateway knows about its product. */
export function NewApplicationPage(): ReactNode {
  const presets = usePresets();
  const [created, setCreated] = useState<Application | null>(null);
  if (created !== null) {
    return (
      // With a key it is another page, whose title gets the focus: the form is gone.
      <Page
        key="created"
        title={`${created.name} is protected`}
        lead="It answers within a second. Try it with a test call."
      >
        <CreatedSection application={created} />
      </Page>
    );
  }
  return (
    <Page
      title="Protect an application"
      lead="Choose the product, and say where it lives. The rest can be changed later."
    >
      <ProblemNotice problem={presets.error} />
      {presets.isPending ? <Loading /> : null}
      {presets.data === undefined ? null : <NewApplicationForm presets={presets.data} onCreated={setCreated} />}
    </Page>
  );
}

interface NewApplicationFormProps {
  readonly presets: readonly Preset[];
  readonly onCreated: (application: Application) => void;
}

interface Typed {
  readonly preset: string | null;
  readonly key: string;
  readonly name: string;
  readonly upstream: string;
  readonly mountBy: 'prefix' | 'host';
  /** Prefix or host; empty means the key as a prefix. */
  readonly mount: string;
  readonly hasExceptions: boolean;
  readonly hasTokenPaths: boolean;
}

const EMPTY: Typed = {
  preset: null,
  key: '',
  name: '',
  upstream: '',
  mountBy: 'prefix',
  mount: '',
  hasExceptions: false,
  hasTokenPaths: false,
};

const SHOWN = ['preset', 'key', 'name', 'upstream', 'mount'] as const;

function NewApplicationForm({ presets, onCreated }: NewApplicationFormProps): ReactNode {
  const create = useCreateApplication();
  const [typed, setTyped] = useState(EMPTY);
  const [isUnchosen, setUnchosen] = useState(false);
  const preset = presets.find((one) => one.preset === typed.preset);
  const set = (change: Partial<Typed>): void => {
    create.reset();
    setTyped((before) => ({ ...before, ...change }));
  };
  const submit = (): void => {
    setUnchosen(preset === undefined);
    if (preset !== undefined) create.mutate(applicationOf(typed, preset), { onSuccess: onCreated });
  };
  return (
    <Form label="Protect an application" onSubmit={submit}>
      <TopProblem problem={create.error} fields={SHOWN} />
      <Section title="Product">
        <RadioGroup
          legend="What kind of software it is"
          value={typed.preset}
          options={presets.map(({ preset: value, title, description }) => ({ value, label: title, hint: description }))}
          error={isUnchosen && preset === undefined ? 'Choose a product.' : errorAt(create.error, 'preset')}
          onChange={(value) => set({ preset: value })}
        />
      </Section>
      <Section title="Address">
        <AddressFields typed={typed} preset={preset} problem={create.error} onChange={set} />
      </Section>
      {preset === undefined ? null : (
        <Section title="What is filled in">
          <div className={styles.fields}>
            <PresetFacts preset={preset} />
            {preset.proposals.length === 0 ? null : (
              <Checkbox
                label="Let read-only tokens make the proposed calls that only read"
                hint="Calls with POST that change nothing, such as a search."
                isChosen={typed.hasExceptions}
                onChange={(hasExceptions) => set({ hasExceptions })}
              />
            )}
            {preset.tokenPaths.length === 0 ? null : (
              <Checkbox
                label="Accept tokens for files and exports beside REST"
                isChosen={typed.hasTokenPaths}
                onChange={(hasTokenPaths) => set({ hasTokenPaths })}
              />
            )}
          </div>
        </Section>
      )}
      <div className={styles.buttons}>
        <Button type="submit" look="primary" isBusy={create.isPending}>
          Protect
        </Button>
      </div>
    </Form>
  );
}

interface AddressFieldsProps {
  readonly typed: Typed;
  readonly preset: Preset | undefined;
  readonly problem: unknown;
  readonly onChange: (change: Partial<Typed>) => void;
}

function AddressFields({ typed, preset, problem, onChange }: AddressFieldsProps): ReactNode {
  const key = typed.key === '' ? (preset?.preset ?? '') : typed.key;
  const isHost = typed.mountBy === 'host';
  return (
    <div className={styles.fields}>
      <TextField
        label="Where it lives"
        hint="Its address inside your network, such as http://127.0.0.1:8080/jira."
        value={typed.upstream}
        error={errorAt(problem, 'upstream')}
        inputMode="url"
        spellCheck={false}
        onChange={(upstream) => onChange({ upstream })}
      />
      <FieldRow>
        <TextField
          label="Key"
          hint="Short, lower-case. It cannot be changed later."
          placeholder={preset?.preset ?? ''}
          value={typed.key}
          error={errorAt(problem, 'key')}
          spellCheck={false}
          onChange={(next) => onChange({ key: next })}
        />
        <TextField
          label="Name"
          hint="For people."
          placeholder={preset?.title ?? ''}
          value={typed.name}
          error={errorAt(problem, 'name')}
          onChange={(name) => onChange({ name })}
        />
      </FieldRow>
      <RadioGroup
        legend="Where clients reach it"
        value={typed.mountBy}
        options={[
          { value: 'prefix', label: 'Below a path of this server' },
          { value: 'host', label: 'At a host name of its own' },
        ]}
        onChange={(mountBy) => onChange({ mountBy, mount: '' })}
      />
      <TextField
        label={isHost ? 'Host name' : 'Path'}
        hint={isHost ? 'Such as jira.example.com. It has to lead to this server.' : 'Empty: the key.'}
        placeholder={isHost ? '' : `/${key}`}
        value={typed.mount}
        error={errorAt(problem, 'mount')}
        spellCheck={false}
        onChange={(mount) => onChange({ mount })}
      />
    </div>
  );
}

/** What is left out comes from the preset. */
function applicationOf(typed: Typed, preset: Preset): NewApplication {
  const { key, name, upstream, mountBy, mount, hasExceptions, hasTokenPaths } = typed;
  const place = mountBy === 'host' ? { host: mount } : { pathPrefix: mount };
  return {
    preset: preset.preset as NonNullable<NewApplication['preset']>,
    upstream,
    ...(key === '' ? {} : { key }),
    ...(name === '' ? {} : { name }),
    ...(mount === '' && mountBy === 'prefix' ? {} : { mount: place }),
    ...(hasExceptions && preset.proposals.length > 0 ? { readOnlyExceptions: 'proposed' } : {}),
    ...(hasTokenPaths && preset.tokenPaths.length > 0 ? { tokenPaths: preset.tokenPaths } : {}),
  };
}
