// Two judges, asked by JSON lines on standard input; one line of answer for each, in their order.
//
//   {"fhirpath": {"resource": {…}, "root": {…}, "path": "Patient.contact[0]", "expressions": ["name.exists()"]}}   {"answers": [true]}
//   {"medplum": {"resource": {…}, "profile": "http://…"}}                        {"issues": [{"severity", "expression", "details"}]}
//   {"versions": true}                                                           {"fhirpath": "4.11.0", "medplum": "4.5.2"}
//
// An answer of fhirpath.js is true or false as HL7's engine makes a result a truth (nothing: false; one item: true if it is no boolean),
// or the text of its error. Arguments: folders with StructureDefinition-*.json, for Medplum, which has none of its own.
import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import * as medplum from "@medplum/core";
import fhirpath from "fhirpath";
import r4 from "fhirpath/fhir-context/r4/index.js";

function truth(items) {
  return items.length === 1 && typeof items[0] === "boolean" ? items[0] : items.length > 0;
}

const programs = new Map();

function program(text) {
  if (!programs.has(text)) programs.set(text, fhirpath.compile(text, r4, { traceFn: () => {} }));
  return programs.get(text);
}

function evaluate({ resource, root, path, expressions }) {
  const around = { resource, rootResource: root ?? resource };
  return expressions.map((expression) => {
    try {
      const at = path.includes(".") ? `${path}.select(${expression})` : expression;
      return truth(program(at)(resource, around));
    } catch (error) {
      return String(error.message ?? error);
    }
  });
}

let profiles;

function definitions() {
  if (profiles === undefined) {
    const read = process.argv.slice(2).flatMap((folder) => readdirSync(folder)
      .filter((name) => name.startsWith("StructureDefinition-")).map((name) => JSON.parse(readFileSync(`${folder}/${name}`, "utf8"))));
    profiles = new Map(read.map((definition) => [definition.url, definition]));
    medplum.indexStructureDefinitionBundle(read.filter((each) => each.derivation !== "constraint"));
  }
  return profiles;
}

function validate({ resource, profile }) {
  const known = definitions();
  try {
    return medplum.validateResource(resource, profile ? { profile: known.get(profile) } : {});
  } catch (error) {
    return error.outcome?.issue ?? [{ severity: "fatal", details: { text: String(error.message ?? error) } }];
  }
}

function answer(asked) {
  if (asked.fhirpath) return { answers: evaluate(asked.fhirpath) };
  if (asked.medplum) {
    const issues = validate(asked.medplum);
    return { issues: issues.map(({ severity, expression, details }) => ({ severity, expression, details: details?.text ?? "" })) };
  }
  const version = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
  return { fhirpath: version("fhirpath"), medplum: version("@medplum/core") };
}

console.debug = console.info = console.log = () => {};
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`);
}
