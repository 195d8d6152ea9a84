import { useState, type ReactNode } from 'react';
import {
  pathsApiV1TokensGetParametersQueryScopeValues as scopes,
  pathsApiV1TokensGetParametersQueryStatusValues as statuses,
} from '../../api/schema';
import { Button } from '../../components/button';
import { FieldRow, SelectField, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { readTokenFilter, TOKEN_LOOKS, type TokenListFilter, type TokenLook } from '../../data/token-filter';
import styles from './all-tokens.module.css';

interface TokenFilterFormProps {
  readonly filter: TokenListFilter;
  readonly onChange: (filter: TokenListFilter) => void;
}

/** The choices act at once, the texts with Enter or the button. */
export function TokenFilterForm({ filter, onChange }: TokenFilterFormProps): ReactNode {
  const [texts, setTexts] = useState({ owner: filter.owner, q: filter.q });
  const looks = [
    { value: '', label: 'All' },
    ...Object.entries(TOKEN_LOOKS).map(([value, label]) => ({ value, label })),
  ];
  return (
    <Form label="Filter" onSubmit={() => onChange({ ...filter, owner: texts.owner.trim(), q: texts.q.trim() })}>
      <FieldRow>
        <SelectField
          label="Needs a look"
          value={filter.look}
          options={looks}
          onChange={(look) => onChange({ ...filter, ...texts, look: look as TokenLook | '' })}
        />
        <SelectField
          label="State"
          value={filter.status}
          options={choices(statuses)}
          onChange={(status) => onChange({ ...filter, ...texts, status })}
        />
        <SelectField
          label="Scope"
          value={filter.scope}
          options={choices(scopes)}
          onChange={(scope) => onChange({ ...filter, ...texts, scope })}
        />
        <TextField label="Owner" value={texts.owner} onChange={(owner) => setTexts({ ...texts, owner })} />
        <TextField label="Description, owner or id" value={texts.q} onChange={(q) => setTexts({ ...texts, q })} />
      </FieldRow>
      <div className={styles.buttons}>
        <Button type="submit" look="primary">
          Apply
        </Button>
        <Button onClick={() => onChange(readTokenFilter(new URLSearchParams()))}>Clear</Button>
      </div>
    </Form>
  );
}

function choices(values: readonly string[]): readonly { readonly value: string; readonly label: string }[] {
  return [{ value: '', label: 'All' }, ...values.map((value) => ({ value, label: value }))];
}
