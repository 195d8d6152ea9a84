import type { ReactNode } from 'react';
import { Checkbox, SelectField, TextField } from '../../components/field';
import type { Schema } from '../../api/client';
import { isObject } from '../../documents/patch';
import styles from './applications.module.css';

type Credential = Schema<'ServiceCredential'>;

const SCOPES = ['read-only', 'read-write'] as const;

type Service = Credential | Readonly<Record<(typeof SCOPES)[number], Credential>>;

interface ServiceFieldProps {
  readonly value: unknown;
  readonly errorAt: (field: string) => string | null;
  readonly onChange: (value: Service) => void;
}

const NEW_CREDENTIAL = { type: 'bearer' } as Credential;

/** The service account of an application: one credential, or one for each scope. */
export function ServiceField({ value, errorAt, onChange }: ServiceFieldProps): ReactNode {
  const service = isService(value) ? value : NEW_CREDENTIAL;
  const isEach = 'read-only' in service;
  return (
    <div className={styles.fields}>
      <Checkbox
        label="Another account for read-only tokens"
        hint="Then the application itself keeps read-only tokens from changing anything."
        isChosen={isEach}
        onChange={(each) => {
          if (!each) onChange(isEach ? service['read-write'] : service);
          else if (!isEach) onChange({ 'read-only': NEW_CREDENTIAL, 'read-write': service });
        }}
      />
      {isEach ? (
        SCOPES.map((scope) => (
          <CredentialGroup
            key={scope}
            title={`Account for ${scope} tokens`}
            value={service[scope]}
            field={`identity.service.${scope}`}
            errorAt={errorAt}
            onChange={(credential) => onChange({ ...service, [scope]: credential })}
          />
        ))
      ) : (
        <CredentialGroup
          title="Service account"
          value={service}
          field="identity.service"
          errorAt={errorAt}
          onChange={onChange}
        />
      )}
    </div>
  );
}

function isService(value: unknown): value is Service {
  return isObject(value) && ('type' in value || 'read-only' in value);
}

interface CredentialGroupProps {
  readonly title: string;
  readonly value: Credential;
  readonly field: string;
  readonly errorAt: (field: string) => string | null;
  readonly onChange: (value: Credential) => void;
}

function CredentialGroup({ title, value, field, errorAt, onChange }: CredentialGroupProps): ReactNode {
  return (
    <fieldset className={styles.group}>
      <legend className={styles.legend}>{title}</legend>
      <SelectField
        label="Kind of credential"
        value={value.type}
        options={[
          { value: 'bearer', label: 'Token or API key' },
          { value: 'basic', label: 'User name and password' },
          { value: 'header', label: 'Value of a header' },
        ]}
        error={errorAt(`${field}.type`)}
        onChange={(type) => onChange({ type })}
      />
      {value.type === 'basic' ? (
        <TextField
          label="User name of the account"
          value={value.username ?? ''}
          autoComplete="off"
          error={errorAt(`${field}.username`)}
          onChange={(username) => onChange({ ...value, username })}
        />
      ) : null}
      {value.type === 'header' ? (
        <TextField
          label="Name of the header"
          value={value.header ?? ''}
          spellCheck={false}
          error={errorAt(`${field}.header`)}
          onChange={(header) => onChange({ ...value, header })}
        />
      ) : null}
      <TextField
        label="Secret"
        hint="Stored encrypted, and never shown."
        type="password"
        autoComplete="new-password"
        placeholder={value.hint === undefined ? '' : `Stored, ends with ${value.hint}. Empty keeps it.`}
        value={value.secret ?? ''}
        error={errorAt(`${field}.secret`)}
        onChange={(secret) => {
          const { secret: _before, ...others } = value;
          onChange(secret === '' ? others : { ...others, secret });
        }}
      />
    </fieldset>
  );
}
