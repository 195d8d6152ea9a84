import type { ReactNode } from 'react';
import type { Schema } from '../../api/client';
import { ApiProblem } from '../../api/problem';
import { EndField } from '../../components/end-field';
import { RadioGroup, TextArea, TextField } from '../../components/field';
import type { NewToken } from '../../data/own-tokens';
import { ApplicationsField } from './applications-field';
import { addressesOf, type DraftErrors, type TokenDraft } from './new-token';

const SCOPES: readonly { readonly value: NewToken['scope']; readonly label: string; readonly hint: string }[] = [
  {
    value: 'read-only',
    label: 'Read only',
    hint: 'It can look at everything that you can, and change nothing: enough for reports, backups and clones.',
  },
  {
    value: 'read-write',
    label: 'Read and write',
    hint: 'It can do what you can: also create, change and delete.',
  },
];

interface TokenFieldsProps {
  readonly me: Schema<'Me'>;
  readonly draft: TokenDraft;
  readonly errors: DraftErrors;
  /** Why the server refused what was sent. */
  readonly problem: Error | null;
  readonly onChange: (part: Partial<TokenDraft>) => void;
}

/** What a new token is: each message stands beside its field. */
export function TokenFields({ me, draft, errors, problem, onChange }: TokenFieldsProps): ReactNode {
  const { scopes, validities } = me.tokenCreation;
  const refused = (field: string): string | null => (problem instanceof ApiProblem ? problem.messageFor(field) : null);
  return (
    <>
      <TextField
        label="Description"
        hint="What it is for, and where it is used, such as “nightly report on the build server”."
        value={draft.description}
        error={errors.description ?? refused('description')}
        maxLength={255}
        required
        onChange={(description) => onChange({ description })}
      />
      <RadioGroup
        legend="What may it do?"
        value={draft.scope}
        error={errors.scope ?? refused('scope')}
        options={SCOPES.filter(({ value }) => scopes.length === 0 || scopes.includes(value))}
        onChange={(scope) => onChange({ scope })}
      />
      <EndField
        value={draft.end}
        validities={validities}
        error={errors.end ?? refused('validity') ?? refused('expiresAt')}
        onChange={(end) => onChange({ end })}
      />
      <ApplicationsField
        isNarrowed={draft.isNarrowed}
        chosen={draft.applications}
        error={errors.applications ?? refused('applications')}
        onChange={(isNarrowed, applications) => onChange({ isNarrowed, applications })}
      />
      <TextArea
        label="Only from these addresses (optional)"
        hint="One a line: an address, a block such as 192.0.2.0/24, or a range such as 192.0.2.1-192.0.2.9. Empty: from everywhere that the settings allow."
        value={draft.addresses}
        error={refused('allowList') ?? refusedAddress(problem, draft.addresses)}
        onChange={(addresses) => onChange({ addresses })}
      />
      {me.permissions.createOnBehalf ? (
        <TextField
          label="For another user (optional)"
          hint="The user name of its owner, whose rights it then has. Empty: for you."
          value={draft.owner}
          error={refused('owner')}
          autoComplete="off"
          onChange={(owner) => onChange({ owner })}
        />
      ) : null}
    </>
  );
}

/** The server names an address by its place, such as `allowList.1`; the person sees what was typed there. */
function refusedAddress(problem: Error | null, addresses: string): string | null {
  if (!(problem instanceof ApiProblem)) return null;
  const index = addressesOf(addresses).findIndex((_, place) => problem.messageFor(`allowList.${place}`) !== null);
  if (index === -1) return null;
  return `“${addressesOf(addresses)[index]}” ${problem.messageFor(`allowList.${index}`)}`;
}
