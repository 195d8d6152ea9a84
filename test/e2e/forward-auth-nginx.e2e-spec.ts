import { describe } from 'vitest';
import { startShippedNginx, type ShippedForm } from '../support/shipped-nginx.server.js';
import { isShippedProxyAvailable, type ShippedProxy } from '../support/shipped-proxy.js';
import { describeShippedProxy, shippedProxyTest } from '../support/shipped-proxy-tests.js';

const REQUEST = nginx('request');
const HEADERS = nginx('headers');

function nginx(form: ShippedForm): ShippedProxy {
  return {
    name: 'nginx',
    start: ({ scopegate: scopegatePort, application: applicationPort }) =>
      startShippedNginx({ form, scopegatePort, applicationPort }),
  };
}

const withRequest = shippedProxyTest(REQUEST);
const withHeaders = shippedProxyTest(HEADERS);

describe.skipIf(!isShippedProxyAvailable(REQUEST))('R87: nginx with its shipped files', () => {
  describe('the request is the subject', () => {
    describeShippedProxy(withRequest, REQUEST, 'request');
  });

  describe('headers are the subject', () => {
    describeShippedProxy(withHeaders, HEADERS, 'headers');
  });
});
