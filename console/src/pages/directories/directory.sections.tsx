import type { ReactNode } from 'react';
import { Checkbox, FieldRow, RadioGroup, TextArea, TextField } from '../../components/field';
import { NumberField } from '../../components/number-field';
import { Section } from '../../components/page';
import styles from './directories.module.css';
import { FROM_PRESET } from './directory-draft';
import { DIRECTORY_LABELS } from './directory-texts';
import { BY_PRESET, isFromPreset, MemberField, type DirectorySectionProps } from './member.field';

export function NameSection(props: DirectorySectionProps): ReactNode {
  const { saved, draft } = props;
  return (
    <Section title="Directory">
      <div className={styles.fields}>
        <FieldRow>
          {saved === null ? (
            <MemberField
              {...props}
              field="key"
              label={DIRECTORY_LABELS.key}
              hint="Short, lower-case, such as company. It cannot be changed later."
              value={draft.key}
            />
          ) : null}
          <MemberField
            {...props}
            field="name"
            label={DIRECTORY_LABELS.name}
            hint={saved === null ? 'For people. Empty: the key.' : 'For people.'}
            value={draft.name}
            empty={saved === null ? 'missing' : 'refused'}
          />
        </FieldRow>
        <PresetField {...props} />
        <Checkbox
          label={DIRECTORY_LABELS.enabled}
          hint="Off: it is not synchronised, and its users cannot log in with their passwords."
          isChosen={draft.enabled !== false}
          error={props.errorOf('enabled')}
          onChange={(enabled) => props.set(['enabled'], enabled)}
        />
      </div>
    </Section>
  );
}

function PresetField({ saved, draft, errorOf, set }: DirectorySectionProps): ReactNode {
  return (
    <RadioGroup
      legend={DIRECTORY_LABELS.preset}
      hint={
        saved === null
          ? 'Fills in the filters and attributes that you leave empty.'
          : 'If you choose the other one, it fills in its filters and attributes.'
      }
      value={draft.preset ?? null}
      options={[
        { value: 'openldap', label: 'OpenLDAP, or another LDAP server' },
        { value: 'active-directory', label: 'Active Directory' },
      ]}
      error={errorOf('preset')}
      onChange={(preset) => {
        set(['preset'], preset);
        // Those of a new preset come with the answer of the save.
        for (const member of FROM_PRESET) {
          if (saved !== null) set([member], preset === saved.preset ? saved[member] : undefined);
        }
      }}
    />
  );
}

export function ConnectionSection(props: DirectorySectionProps): ReactNode {
  const { saved, draft, errorOf, warningOf, set } = props;
  const isStored = saved?.hasBindPassword === true;
  return (
    <Section title="Connection">
      <div className={styles.fields}>
        <MemberField
          {...props}
          field="url"
          label={DIRECTORY_LABELS.url}
          hint="Such as ldaps://ldap.example.com, or ldap:// with StartTLS. The port is 636 or 389 unless you name one."
          value={draft.url}
        />
        <Checkbox
          label={DIRECTORY_LABELS.startTls}
          hint="Begins TLS on an ldap:// address before anything is sent."
          isChosen={draft.startTls === true}
          error={errorOf('startTls')}
          onChange={(startTls) => set(['startTls'], startTls)}
        />
        <TextArea
          label={DIRECTORY_LABELS.ca}
          hint="Certificates in PEM that are trusted in place of the usual ones. Empty: the usual ones."
          value={draft.ca ?? ''}
          error={errorOf('ca')}
          spellCheck={false}
          rows={3}
          onChange={(text) => set(['ca'], text.trim() === '' ? null : text)}
        />
        <MemberField
          {...props}
          field="bindDn"
          label={DIRECTORY_LABELS.bindDn}
          hint="The account that reads users and groups. Active Directory also takes name@domain. Empty: they are read without one."
          value={draft.bindDn}
          empty="null"
        />
        <TextField
          label={DIRECTORY_LABELS.bindPassword}
          hint={
            isStored
              ? 'One is stored, and never shown: leave this empty to keep it. Type it again if the address or StartTLS changes.'
              : 'Stored encrypted, and never shown.'
          }
          type="password"
          autoComplete="new-password"
          value={draft.bindPassword ?? ''}
          error={errorOf('bindPassword')}
          warning={warningOf('bindPassword')}
          onChange={(text) => set(['bindPassword'], text === '' ? undefined : text)}
        />
      </div>
    </Section>
  );
}

export function UsersSection(props: DirectorySectionProps): ReactNode {
  const { draft } = props;
  const isPreset = isFromPreset(props);
  const empty = isPreset ? 'missing' : 'refused';
  const placeholder = isPreset ? BY_PRESET : undefined;
  const attribute = { ...props, empty, placeholder } as const;
  return (
    <Section title="Users">
      <div className={styles.fields}>
        <MemberField
          {...props}
          field="userBase"
          label={DIRECTORY_LABELS.userBase}
          hint="Users are this entry or below it, such as ou=people,dc=example,dc=com."
          value={draft.userBase}
        />
        <MemberField
          {...attribute}
          field="userFilter"
          label={DIRECTORY_LABELS.userFilter}
          hint="Which entries are users."
          value={draft.userFilter}
        />
        <FieldRow>
          <MemberField
            {...attribute}
            field="attributes.username"
            label="Attribute of the user name"
            value={draft.attributes?.username}
          />
          <MemberField
            {...attribute}
            field="attributes.displayName"
            label="Attribute of the full name"
            value={draft.attributes?.displayName}
          />
          <MemberField
            {...attribute}
            field="attributes.email"
            label="Attribute of the mail address"
            value={draft.attributes?.email}
          />
        </FieldRow>
        <MemberField
          {...props}
          field="attributes.disabled"
          label="Attribute that says that a user is disabled"
          hint={isPreset ? undefined : 'Empty: none does.'}
          placeholder={placeholder}
          value={draft.attributes?.disabled}
          empty={isPreset ? 'missing' : 'null'}
        />
      </div>
    </Section>
  );
}

export function GroupsSection(props: DirectorySectionProps): ReactNode {
  const { draft, errorOf, set } = props;
  const isPreset = isFromPreset(props);
  const member = {
    ...props,
    empty: isPreset ? 'missing' : 'refused',
    placeholder: isPreset ? BY_PRESET : undefined,
  } as const;
  return (
    <Section title="Groups">
      <div className={styles.fields}>
        <MemberField
          {...props}
          field="groupBase"
          label={DIRECTORY_LABELS.groupBase}
          hint="Groups are this entry or below it. Empty: no groups are read."
          value={draft.groupBase}
          empty="null"
        />
        <MemberField
          {...member}
          field="groupFilter"
          label={DIRECTORY_LABELS.groupFilter}
          hint="Which entries are groups."
          value={draft.groupFilter}
        />
        <MemberField
          {...member}
          field="groupMember"
          label={DIRECTORY_LABELS.groupMember}
          hint="memberUid holds user names, any other one distinguished names."
          value={draft.groupMember}
        />
        <Checkbox
          label={DIRECTORY_LABELS.nestedGroups}
          hint="Members of a group in a group are members of the outer one, too."
          isChosen={draft.nestedGroups !== false}
          error={errorOf('nestedGroups')}
          onChange={(nestedGroups) => set(['nestedGroups'], nestedGroups)}
        />
      </div>
    </Section>
  );
}

export function TimesSection({ saved, draft, errorOf, set }: DirectorySectionProps): ReactNode {
  const isNew = saved === null;
  const valueOf = (value: number | string): unknown => (isNew && value === '' ? undefined : value);
  return (
    <Section title="Interval and limit">
      <div className={styles.fields}>
        <NumberField
          label={DIRECTORY_LABELS.syncMinutes}
          hint={isNew ? 'Empty: as usual.' : undefined}
          value={draft.syncMinutes}
          error={errorOf('syncMinutes')}
          onChange={(value) => set(['syncMinutes'], valueOf(value))}
        />
        <NumberField
          label={DIRECTORY_LABELS.maxDeactivations}
          hint={`Of the active users. A synchronisation that would deactivate more changes nothing, and asks.${isNew ? ' Empty: as usual.' : ''}`}
          value={draft.maxDeactivations}
          error={errorOf('maxDeactivations')}
          onChange={(value) => set(['maxDeactivations'], valueOf(value))}
        />
      </div>
    </Section>
  );
}
