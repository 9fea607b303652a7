// The JavaScript SDK as a program: a call a line on standard input, its answer a line on standard output.
// Usage: node sdk.mjs PACKAGE   (one of package.json's names for a version of @azure/arm-compute)
// {do, kind, names, body, expand} in; {value} or {error: {status, code, message}} out.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

const require = createRequire(import.meta.url);
const { ManagedIdentityCredential } = require("@azure/identity");
const [name] = process.argv.slice(2);
const { ComputeManagementClient } = require(name);

const KINDS = {
  image: { operations: "images", list: "listByResourceGroup" },
  gallery: { operations: "galleries", list: "listByResourceGroup" },
  definition: { operations: "galleryImages", list: "listByGallery" },
  version: { operations: "galleryImageVersions", list: "listByGalleryImage" },
};

/** The SDK's models have what ARM nests under `properties` beside `location`. */
const flat = ({ properties, ...rest }) => ({ ...rest, ...properties });

/** What is done with one kind's operations; 23 begins what 24 and 25 return a poller for. */
const DOINGS = {
  put: (of, { names, body }) =>
    of.createOrUpdate
      ? of.createOrUpdate(...names, flat(body))
      : of.beginCreateOrUpdateAndWait(...names, flat(body)),
  get: (of, { names, expand }) => of.get(...names, { expand }),
  list: async (of, { names, kind }) => {
    const found = [];
    for await (const one of of[KINDS[kind].list](...names)) found.push(one);
    return found;
  },
  delete: (of, { names }) => (of.delete ? of.delete(...names) : of.beginDeleteAndWait(...names)),
};

const client = new ComputeManagementClient(new ManagedIdentityCredential(), process.env.SUBSCRIPTION, {
  endpoint: process.env.ARM,
  credentials: { scopes: ["https://management.azure.com/.default"] },
});

async function answer(call) {
  try {
    const value = await DOINGS[call.do](client[KINDS[call.kind].operations], call);
    return { value: value ?? null };
  } catch (error) {
    return { error: { status: error.statusCode ?? 0, code: error.code ?? "", message: error.message } };
  }
}

const say = (value) => process.stdout.write(JSON.stringify(value) + "\n");

say({ sdk: `@azure/arm-compute ${require(`${name}/package.json`).version}` });
for await (const line of createInterface({ input: process.stdin })) say(await answer(JSON.parse(line)));
