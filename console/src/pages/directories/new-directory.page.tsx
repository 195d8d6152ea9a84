import type { ReactNode } from 'react';
import { useLocation } from 'wouter';
import { Page } from '../../components/page';
import { DirectoryForm } from './directory.form';
import { directoryPath } from './directory-texts';

/** R92: connects a directory. */
export function NewDirectoryPage(): ReactNode {
  const [, navigate] = useLocation();
  return (
    <Page
      title="Connect a directory"
      lead="Fill in the connection and the bases, test it, and save it. Users are read with the first synchronisation."
    >
      <DirectoryForm saved={null} onCreated={({ key }) => navigate(directoryPath(key))} />
    </Page>
  );
}
