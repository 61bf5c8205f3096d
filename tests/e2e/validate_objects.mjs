// Validates Kubernetes objects (a JSON array on standard input) against the schemas of today's API, which are
// newer than the API server of the tests. usage: node validate_objects.mjs DIR   (DIR has node_modules)
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';

const models = join(process.argv[2], 'node_modules', 'kubernetes-models');
let failed = 0;
for (const object of JSON.parse(readFileSync(0, 'utf8'))) {
  const name = `${object.apiVersion} ${object.kind} ${object.metadata?.name}`;
  try {
    const file = pathToFileURL(join(models, object.apiVersion, `${object.kind}.js`));
    const Model = (await import(file.href))[object.kind];
    new Model(object).validate();
  } catch (error) {
    failed += 1;
    console.log(`${name}: ${error.message}`);
  }
}
process.exit(failed ? 1 : 0);
