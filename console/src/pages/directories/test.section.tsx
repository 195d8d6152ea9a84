import type { UseMutationResult } from '@tanstack/react-query';
import { useState, type ReactNode } from 'react';
import { ApiProblem } from '../../api/problem';
import { Badge } from '../../components/badge';
import { Button } from '../../components/button';
import { DataTable, type Column } from '../../components/data-table';
import { Facts } from '../../components/facts';
import { FieldRow, TextField } from '../../components/field';
import { Form } from '../../components/form';
import { Notice, ProblemNotice } from '../../components/notice';
import { Section } from '../../components/page';
import { yesOrNo } from '../../components/yes-or-no';
import type { DirectoryTest, TriedLogin } from '../../data/directories';
import styles from './directories.module.css';
import { testVerdict, worded } from './directory-texts';

interface TestSectionProps {
  /** Nothing is typed that is not saved. */
  readonly isSaved: boolean;
  readonly test: Pick<UseMutationResult<DirectoryTest, Error, never>, 'data' | 'error' | 'isPending'>;
  /** A field above has to be filled in first. */
  readonly isRefused: boolean;
  readonly onTest: (login: TriedLogin) => void;
}

/** R92: how far the gateway comes with what stands in the form. */
export function TestSection({ isSaved, test, isRefused, onTest }: TestSectionProps): ReactNode {
  const [username, setUsername] = useState('');
  const [password, setPassword] = useState('');
  const { data, error, isPending } = test;
  const isFieldWrong = isRefused || (error instanceof ApiProblem && error.problem.errors.length > 0);
  return (
    <Section title="Test">
      <div className={styles.fields}>
        <p className={styles.soft}>
          Connects, and reads users and groups. Nothing is changed.{' '}
          {isSaved ? 'It tests what is saved.' : 'It tests what stands in the fields, before you save it.'}
        </p>
        <Form
          label="Test"
          onSubmit={() => onTest(username === '' ? {} : password === '' ? { username } : { username, password })}
        >
          <FieldRow>
            <TextField
              label="User to look for"
              hint="If you like: the name of a user."
              value={username}
              autoComplete="off"
              spellCheck={false}
              onChange={setUsername}
            />
            <TextField
              label="Password of this user"
              hint="Also tries the login. It is not stored."
              type="password"
              value={password}
              autoComplete="new-password"
              onChange={setPassword}
            />
          </FieldRow>
          <div>
            <Button type="submit" isBusy={isPending}>
              Test
            </Button>
          </div>
        </Form>
        {isFieldWrong ? (
          <Notice kind="bad" title="Nothing was tested">
            What is wrong stands beside the fields above.
          </Notice>
        ) : (
          <ProblemNotice problem={error} />
        )}
        {data === undefined ? null : <TestNotice result={data} />}
      </div>
    </Section>
  );
}

type SampleUser = DirectoryTest['sample'][number];

const COLUMNS: readonly Column<SampleUser>[] = [
  {
    title: 'User',
    isRowTitle: true,
    cell: ({ username, displayName }) => (
      <>
        {displayName ?? username}
        <span className={styles.name}>{username}</span>
      </>
    ),
  },
  { title: 'Mail', cell: ({ email }) => email ?? '–' },
  { title: 'Groups', cell: ({ groups }) => (groups.length === 0 ? '–' : groups.join(', ')) },
  {
    title: 'State',
    cell: ({ disabled }) => (disabled ? <Badge look="warning">Disabled</Badge> : <Badge look="good">Active</Badge>),
  },
];

function TestNotice({ result }: { readonly result: DirectoryTest }): ReactNode {
  const { kind, title } = testVerdict(result);
  const { connected, tls, bound, users, groups, loggedIn, sample, advice } = result;
  return (
    <>
      <Notice kind={kind} title={title}>
        {advice.length === 0 ? null : (
          <ul className={styles.list}>
            {advice.map((text) => (
              <li key={text}>{worded(text)}</li>
            ))}
          </ul>
        )}
        <Facts
          facts={[
            ['Connected', yesOrNo(connected)],
            ['TLS', yesOrNo(tls)],
            ['Bind account accepted', yesOrNo(bound)],
            ['Users', users.toLocaleString('en')],
            ['Groups', groups.toLocaleString('en')],
            ['Login', loggedIn === null ? 'not tried' : loggedIn ? 'accepted' : 'refused'],
          ]}
        />
      </Notice>
      {sample.length === 0 ? null : (
        <DataTable
          caption="Some of the users that were found"
          columns={COLUMNS}
          rows={sample}
          keyOf={({ username }) => username}
          empty="None."
        />
      )}
    </>
  );
}
