import type { ReactNode } from 'react';
import {
  pathsApiV1TokensGetParametersQueryScopeValues as scopes,
  pathsApiV1TokensGetParametersQueryStatusValues as statuses,
} from '../../api/schema';
import { Button } from '../../components/button';
import { choices } from '../../components/choices';
import { FieldRow, SelectField, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { useDraft } from '../../components/draft';
import { readTokenFilter, TOKEN_LOOKS, type TokenListFilter, type TokenLook } from '../../data/token-filter';
import { trimmed } from '../../data/trimmed';
import styles from './all-tokens.module.css';

interface TokenFilterFormProps {
  readonly filter: TokenListFilter;
  readonly onChange: (filter: TokenListFilter) => void;
}

/** The choices act at once, the texts with Enter or the button. */
export function TokenFilterForm({ filter, onChange }: TokenFilterFormProps): ReactNode {
  const [texts, setTexts] = useDraft({ owner: filter.owner, q: filter.q });
  const change = (part: Partial<TokenListFilter>): void => onChange({ ...filter, ...trimmed(texts), ...part });
  const clear = (): void => {
    const none = readTokenFilter(new URLSearchParams());
    setTexts({ owner: none.owner, q: none.q });
    onChange(none);
  };
  const looks = [
    { value: '', label: 'All' },
    ...Object.entries(TOKEN_LOOKS).map(([value, label]) => ({ value, label })),
  ];
  return (
    <Form label="Filter" onSubmit={() => change({})}>
      <FieldRow>
        <SelectField
          label="Needs a look"
          value={filter.look}
          options={looks}
          onChange={(look) => change({ look: look as TokenLook | '' })}
        />
        <SelectField
          label="State"
          value={filter.status}
          options={choices(statuses)}
          onChange={(status) => change({ status })}
        />
        <SelectField
          label="Scope"
          value={filter.scope}
          options={choices(scopes)}
          onChange={(scope) => change({ scope })}
        />
        <TextField label="Owner" value={texts.owner} onChange={(owner) => setTexts({ ...texts, owner })} />
        <TextField label="Description, owner or id" value={texts.q} onChange={(q) => setTexts({ ...texts, q })} />
      </FieldRow>
      <div className={styles.buttons}>
        <Button type="submit" look="primary">
          Apply
        </Button>
        <Button onClick={clear}>Clear</Button>
      </div>
    </Form>
  );
}
