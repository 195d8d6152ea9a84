import { useState, type ReactNode } from 'react';
import { CopyField } from '../../components/copy-field';
import { FieldRow, SelectField, TextField } from '../../components/field';
import { Tabs } from '../../components/tabs';
import { useOwnApplications, type OwnApplication } from '../../data/own-applications';
import type { CreatedToken } from '../../data/own-tokens';
import { addressOf, shellVariables, snippetsFor } from './snippets';

/** Ready lines for the usual clients, with the address of an application. */
export function UseOfToken({ token }: { readonly token: CreatedToken }): ReactNode {
  const { data = [] } = useOwnApplications();
  const usable = data.filter(({ key }) => token.applications === null || token.applications.includes(key));
  const [chosenKey, setChosenKey] = useState<string | null>(null);
  const [typed, setTyped] = useState<string | null>(null);
  const [tab, setTab] = useState('curl');
  const chosen = usable.find(({ key }) => key === chosenKey) ?? usable[0];
  const address = typed ?? defaultAddress(chosen);
  return (
    <>
      <FieldRow>
        {usable.length < 2 ? null : (
          <SelectField
            label="Application"
            value={chosen?.key ?? ''}
            options={usable.map(({ key, name }) => ({ value: key, label: name }))}
            onChange={(key) => {
              setChosenKey(key);
              setTyped(null);
            }}
          />
        )}
        <TextField
          label="Address of the application"
          hint="The lines below use it. Change it if your programs reach the gateway elsewhere."
          value={address}
          onChange={setTyped}
          type="url"
          spellCheck={false}
        />
      </FieldRow>
      <CopyField
        label="Once in a shell; then paste the token, and press Enter"
        value={shellVariables(token.owner)}
        isBlock
      />
      <Tabs
        label="Programs"
        value={tab}
        onChange={setTab}
        tabs={snippetsFor(address, chosen?.kind ?? 'generic').map(({ key, title, text }) => ({
          value: key,
          title,
          content: <CopyField label={`Lines for ${title}`} value={text} isBlock />,
        }))}
      />
    </>
  );
}

function defaultAddress(application: OwnApplication | undefined): string {
  const { origin } = window.location;
  return application === undefined ? origin : addressOf(application, origin);
}
