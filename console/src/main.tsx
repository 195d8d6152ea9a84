import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './app';
import { guardHistory } from './shell/unsaved';
import './styles/tokens.css';
import './styles/base.css';

const root = document.getElementById('root');
if (root === null) throw new Error('The page has no #root.');
guardHistory();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
