// Reads texts as Node's readers do. Takes {"reader", "texts"} as JSON, and gives for each text its values with their paths, or null.
const { readFileSync } = require("fs");
const path = require("path");
// Where Debian keeps the modules that it packages.
const packaged = (name) => require(path.join("/usr/share/nodejs", name));

const flat = (value, path) => {
  if (value && typeof value === "object") {
    return Object.entries(value).flatMap(([name, inner]) => flat(inner, [...path, Array.isArray(value) ? Number(name) : name]));
  }
  return [[path, value]];
};

const readers = {
  dotenv: (text) => flat(require("./dotenv.js").parse(text), [0]),
  // With the types of YAML 1.2.
  yaml: (text) =>
    packaged("yaml")
      .parseAllDocuments(text, { merge: true })
      .flatMap((document, at) => {
        if (document.errors.length) throw document.errors[0];
        return flat(document.toJS(), [at]);
      }),
};

const { reader, texts } = JSON.parse(readFileSync(0, "utf8"));
const read = (text) => {
  try {
    return readers[reader](text);
  } catch {
    return null;
  }
};
process.stdout.write(JSON.stringify(texts.map(read)));
