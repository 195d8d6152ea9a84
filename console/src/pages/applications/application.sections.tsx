import { useId, useState, type ReactNode } from 'react';
import { Checkbox, FieldRow, SelectField, TextArea, TextField } from '../../components/field';
import { ItemsField } from '../../components/lines-field';
import { Section } from '../../components/page';
import type { Application, Preset } from '../../data/applications';
import type { EditedDocument } from '../../documents/document-form';
import { errorAt, type PlacedWarnings } from '../../documents/field-texts';
import { isObject } from '../../documents/patch';
import { warningAt } from '../../documents/warnings';
import { APPLICATION_FIELDS, REST, restOf } from './application-fields';
import styles from './applications.module.css';
import { IdentityField } from './identity.field';
import { patternOf, patternText } from './path-lines';
import { Patterns } from './preset-facts';

export interface SectionProps {
  readonly edited: EditedDocument<Application>;
  readonly draft: Application;
  readonly places: PlacedWarnings;
  /** Of the product; undefined while it is read. */
  readonly preset: Preset | undefined;
}

export function AddressSection({ edited, draft, places }: SectionProps): ReactNode {
  const { problem, set } = edited;
  return (
    <Section title="Name and address">
      <div className={styles.fields}>
        <FieldRow>
          <TextField
            label="Name"
            value={draft.name}
            error={errorAt(problem, 'name')}
            onChange={(name) => set(['name'], name)}
          />
          <TextField
            label={`Version of ${draft.kind}`}
            hint="Empty: the gateway asks the product at every save."
            value={draft.version ?? ''}
            error={errorAt(problem, 'version')}
            onChange={(version) => set(['version'], version === '' ? null : version)}
          />
        </FieldRow>
        <TextField
          label="Where it lives"
          value={draft.upstream}
          spellCheck={false}
          inputMode="url"
          error={errorAt(problem, 'upstream')}
          warning={warningAt(places, 'upstream')}
          onChange={(upstream) => set(['upstream'], upstream)}
        />
        <FieldRow>
          <TextField
            label="Path below which clients reach it"
            value={draft.mount.pathPrefix ?? ''}
            spellCheck={false}
            error={errorAt(problem, 'mount.pathPrefix') ?? errorAt(problem, 'mount')}
            onChange={(text) => set(['mount', 'pathPrefix'], text === '' ? null : text)}
          />
          <TextField
            label="Host name at which clients reach it"
            value={draft.mount.host ?? ''}
            spellCheck={false}
            error={errorAt(problem, 'mount.host')}
            onChange={(text) => set(['mount', 'host'], text === '' ? null : text)}
          />
        </FieldRow>
      </div>
    </Section>
  );
}

export function AccessSection({ edited, draft, places }: SectionProps): ReactNode {
  const { problem, set } = edited;
  return (
    <Section title="Requests without a token">
      <div className={styles.fields}>
        <SelectField
          label="Requests without a credential"
          value={draft.anonymous}
          options={[
            { value: 'allow', label: 'Forward them: the application decides' },
            { value: 'deny', label: 'Refuse them' },
          ]}
          error={errorAt(problem, 'anonymous')}
          warning={warningAt(places, 'anonymous')}
          onChange={(value) => set(['anonymous'], value)}
        />
        <SelectField
          label="Requests with a password"
          hint="While the settings allow passwords."
          value={draft.passwords}
          options={[
            { value: 'forward', label: 'Forward them: the application checks the password' },
            { value: 'deny', label: 'Refuse them' },
          ]}
          error={errorAt(problem, 'passwords')}
          warning={warningAt(places, 'passwords')}
          onChange={(value) => set(['passwords'], value)}
        />
        <Checkbox
          label="Refuse the personal access tokens of the product itself"
          hint="The scopes, expiry and address rules of Scopegate do not apply to them."
          isChosen={draft.nativeTokensDisabled}
          error={errorAt(problem, 'nativeTokensDisabled')}
          warning={warningAt(places, 'nativeTokensDisabled')}
          onChange={(value) => set(['nativeTokensDisabled'], value)}
        />
      </div>
    </Section>
  );
}

export function IdentitySection({ edited, draft, places }: SectionProps): ReactNode {
  return (
    <Section title="Identity">
      <IdentityField
        value={draft.identity}
        base={edited.form.base.value.identity}
        errorAt={(field) => errorAt(edited.problem, field)}
        warning={warningAt(places, 'identity')}
        onChange={(identity) => edited.set(['identity'], identity)}
      />
    </Section>
  );
}

const CALLS = 'One a line: the method and the path below the mount. * stands for one segment, ** for more, at the end.';

export function PathsSection({ edited, draft, places, preset }: SectionProps): ReactNode {
  const { problem, set } = edited;
  return (
    <Section title="Paths">
      <div className={styles.fields}>
        <Proposals edited={edited} draft={draft} preset={preset} />
        <ItemsField
          label="Calls that count as reads"
          hint={`For read-only tokens. ${CALLS}`}
          value={draft.readOnlyExceptions}
          toLine={patternText}
          fromLine={(line) => ({ method: '', ...patternOf(line) })}
          error={errorAt(problem, 'readOnlyExceptions')}
          warning={warningAt(places, 'readOnlyExceptions')}
          onChange={(value) => set(['readOnlyExceptions'], value)}
        />
        <ItemsField
          label="Token paths"
          hint="Paths beside REST that accept a token with GET and HEAD, such as attachments. One a line."
          value={draft.tokenPaths}
          toLine={patternText}
          fromLine={patternOf}
          error={errorAt(problem, 'tokenPaths')}
          warning={warningAt(places, 'tokenPaths')}
          onChange={(value) => set(['tokenPaths'], value)}
        />
        <ItemsField
          label="Blocked paths"
          hint={`Refused to every token. ${CALLS}`}
          value={draft.blockedPaths}
          toLine={patternText}
          fromLine={patternOf}
          error={errorAt(problem, 'blockedPaths')}
          warning={warningAt(places, 'blockedPaths')}
          onChange={(value) => set(['blockedPaths'], value)}
        />
        {preset === undefined ? null : (
          <div className={styles.hint}>
            Always blocked for {draft.kind}: <Patterns patterns={preset.blockedPaths} otherwise="nothing" />
          </div>
        )}
      </div>
    </Section>
  );
}

/** The calls that are known to read, by name. A name stands for several calls. */
function Proposals({ edited, draft, preset }: Omit<SectionProps, 'places'>): ReactNode {
  if (preset === undefined || preset.proposals.length === 0) return null;
  const names = [...new Set(preset.proposals.map(({ name }) => name))];
  const has = (line: string): boolean => draft.readOnlyExceptions.some((call) => patternText(call) === line);
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>Proposed calls that only read</legend>
      {names.map((name) => {
        const calls = preset.proposals.flatMap((call) =>
          call.name === name ? [{ method: call.method, path: call.path }] : [],
        );
        const lines = calls.map(patternText);
        return (
          <Checkbox
            key={name}
            label={name}
            hint={lines.slice(0, 2).join(', ') + (lines.length > 2 ? ` and ${lines.length - 2} more` : '')}
            isChosen={lines.every(has)}
            onChange={(isChosen) => {
              const others = draft.readOnlyExceptions.filter((call) => !lines.includes(patternText(call)));
              edited.set(['readOnlyExceptions'], isChosen ? [...others, ...calls] : others);
            }}
          />
        );
      })}
    </fieldset>
  );
}

interface RestSectionProps extends SectionProps {
  readonly onBroken: (isBroken: boolean) => void;
}

/** Everything without a field of its own, as JSON. */
export function RestSection({ edited, draft, places, onBroken }: RestSectionProps): ReactNode {
  const id = useId();
  const written = JSON.stringify(restOf(draft), null, 2);
  const [text, setText] = useState(written);
  const own = parsed(text);
  const base = edited.form.base.value as unknown as Readonly<Record<string, unknown>>;
  // The text stays as it is typed as long as it means the members that there are now.
  const isOwn =
    own === null || JSON.stringify({ ...restOf(edited.form.base.value), ...own }) === JSON.stringify(restOf(draft));
  const change = (next: string): void => {
    setText(next);
    const members = parsed(next);
    onBroken(members === null);
    if (members === null) return;
    // What is taken out of the text is as it was.
    for (const name of new Set([...Object.keys(restOf(draft)), ...Object.keys(members)])) {
      edited.set([name], Object.hasOwn(members, name) ? members[name] : base[name]);
    }
  };
  const fields = Object.keys(restOf(draft));
  const errors = fields.flatMap((field) => {
    const error = errorAt(edited.problem, field);
    return error === null ? [] : [`${field}: ${error}`];
  });
  return (
    <Section title="More">
      <div className={styles.fields}>
        <TextArea
          key={id}
          label="All other members, as JSON"
          hint={
            <>
              Time-outs, connections, cookies, CORS, TLS and more. Each is described at{' '}
              <a href="/docs#/Applications/updateApplication">the API</a>.
            </>
          }
          rows={14}
          spellCheck={false}
          value={isOwn ? text : written}
          error={whyBroken(text) ?? (errors.join(' ') || null)}
          warning={warningAt(places, REST)}
          onChange={change}
        />
      </div>
    </Section>
  );
}

/** @returns null for what is no object of JSON, or has members with fields of their own */
function parsed(text: string): Readonly<Record<string, unknown>> | null {
  const value = objectOf(text);
  return value === null || withField(value) !== undefined ? null : value;
}

function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** The first member that has a field of its own. */
function withField(members: Readonly<Record<string, unknown>>): string | undefined {
  return Object.keys(members).find((name) => APPLICATION_FIELDS.includes(name));
}

/** Why the text is not saved; null if it can be. */
function whyBroken(text: string): string | null {
  const members = objectOf(text);
  if (members === null) return 'This is not a JSON object yet, and is not saved.';
  const name = withField(members);
  return name === undefined
    ? null
    : `Change “${name}” in its field above, and take it out here. This is not saved yet.`;
}
