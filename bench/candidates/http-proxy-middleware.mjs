// http-proxy-middleware on Express without authentication, with keep-alive connections to the upstream.
import { Agent } from 'node:http';
import express from 'express';
import { createProxyMiddleware } from 'http-proxy-middleware';

const [port, target] = process.argv.slice(2);
const app = express();
app.use(createProxyMiddleware({ target, agent: new Agent({ keepAlive: true, maxSockets: 512 }) }));
app.listen(Number(port), '127.0.0.1');
