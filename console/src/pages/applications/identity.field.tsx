import type { ReactNode } from 'react';
import { Checkbox, FieldRow, RadioGroup, SelectField, TextField } from '../../components/field';
import { ItemsField } from '../../components/lines-field';
import type { Identity } from '../../data/applications';
import styles from './applications.module.css';
import { HeadersField } from './headers.field';
import { accountOf, accountText, type Account } from './path-lines';
import { ServiceField } from './service.field';

interface IdentityFieldProps {
  readonly value: Identity;
  /** As it is stored: accounts that are taken off have to be named. */
  readonly base: Identity;
  readonly errorAt: (field: string) => string | null;
  readonly warning: ReactNode;
  readonly onChange: (value: Identity) => void;
}

const MODES = [
  {
    value: 'headers',
    label: 'Headers with the user',
    hint: 'The application accepts them from the gateway alone.',
  },
  { value: 'jwt', label: 'A signed assertion', hint: 'The application checks it with /.well-known/jwks.json.' },
  {
    value: 'credential',
    label: 'A credential of the application',
    hint: 'Stored encrypted, and never shown: of each user, or of one service account.',
  },
] as const;

const NEW_IDENTITIES: Readonly<Record<(typeof MODES)[number]['value'], Identity>> = {
  headers: { mode: 'headers', headers: { 'X-Forwarded-User': '{username}' } },
  jwt: { mode: 'jwt', audience: '' },
  credential: { mode: 'credential', perUser: true },
};

/** How the application learns who the owner of a token is. */
export function IdentityField({ value, base, errorAt, warning, onChange }: IdentityFieldProps): ReactNode {
  const mode = value.mode ?? 'headers';
  return (
    <div className={styles.fields}>
      <RadioGroup
        legend="How the application learns who it is"
        value={mode}
        options={MODES}
        error={errorAt('identity') ?? errorAt('identity.mode')}
        warning={warning}
        onChange={(next) => onChange(next === base.mode ? base : NEW_IDENTITIES[next])}
      />
      {mode === 'jwt' ? <AssertionFields value={value} errorAt={errorAt} onChange={onChange} /> : null}
      {mode === 'credential' ? (
        <CredentialFields value={value} base={base} errorAt={errorAt} onChange={onChange} />
      ) : null}
      {mode === 'headers' || (mode === 'credential' && value.perUser !== true) ? (
        <>
          <HeadersField
            label={mode === 'headers' ? 'Identity headers' : 'Headers beside the credential'}
            value={value.headers ?? {}}
            error={errorAt('identity.headers')}
            onChange={(headers) => onChange({ ...value, headers })}
          />
          <SelectField
            label="Characters beyond ASCII"
            value={value.encoding ?? 'percent'}
            options={[
              { value: 'percent', label: 'Percent-encoded, such as J%C3%B6rg' },
              { value: 'utf-8', label: 'As UTF-8' },
            ]}
            error={errorAt('identity.encoding')}
            onChange={(encoding) => onChange({ ...value, encoding })}
          />
        </>
      ) : null}
    </div>
  );
}

type PartProps = Omit<IdentityFieldProps, 'warning' | 'base'>;

function AssertionFields({ value, errorAt, onChange }: PartProps): ReactNode {
  return (
    <FieldRow>
      <TextField
        label="Audience"
        hint="The name by which the application recognises that an assertion is for it."
        value={value.audience ?? ''}
        error={errorAt('identity.audience')}
        onChange={(audience) => onChange({ ...value, audience })}
      />
      <TextField
        label="Header of the assertion"
        hint="Empty: X-Scopegate-Assertion."
        value={value.header ?? ''}
        error={errorAt('identity.header')}
        onChange={(header) => {
          const { header: _before, ...others } = value;
          onChange(header === '' ? others : { ...others, header });
        }}
      />
    </FieldRow>
  );
}

function CredentialFields({ value, base, errorAt, onChange }: Omit<IdentityFieldProps, 'warning'>): ReactNode {
  const accounts = (value.accounts ?? {}) as Readonly<Record<string, string | null>>;
  return (
    <>
      <Checkbox
        label="Each user stores a credential"
        hint="Off: one service account, for everybody."
        isChosen={value.perUser === true}
        error={errorAt('identity.perUser')}
        onChange={(perUser) =>
          onChange(
            perUser === (base.perUser === true) && base.mode === 'credential'
              ? base
              : perUser
                ? { mode: 'credential', perUser }
                : { mode: 'credential', perUser, service: { type: 'bearer', secret: '' } },
          )
        }
      />
      {value.perUser === true ? (
        <ItemsField
          label="Accounts with another name"
          hint="One a line, such as anna = asmith: the user here, and its account at the application."
          value={Object.entries(accounts).flatMap(([user, account]) =>
            account === null ? [] : [[user, account] as Account],
          )}
          toLine={accountText}
          fromLine={accountOf}
          error={errorAt('identity.accounts')}
          onChange={(next) => {
            const named = Object.fromEntries(next);
            // In a change, an account is taken off by null.
            const gone = Object.keys(base.accounts ?? {}).filter((user) => !Object.hasOwn(named, user));
            const removed = Object.fromEntries(gone.map((user) => [user, null]));
            onChange({ ...value, accounts: { ...named, ...removed } as Record<string, string> });
          }}
        />
      ) : (
        <ServiceField value={value.service} errorAt={errorAt} onChange={(service) => onChange({ ...value, service })} />
      )}
    </>
  );
}
