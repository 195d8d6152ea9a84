import { DataSource } from 'typeorm';
import { readConfiguration } from './src/config/env.js';
import { dataSourceOptions } from './src/database/data-source-options.js';
import { ENTITIES } from './src/entities.js';

/** The data source of TypeORM's command line: the same options as the server's. */
const dataSource = new DataSource(await dataSourceOptions(readConfiguration().database, ENTITIES));

// TypeORM's command line asks for a default export or a named one that is a data source.
export { dataSource };
