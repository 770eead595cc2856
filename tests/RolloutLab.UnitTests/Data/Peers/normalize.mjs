// Standard input: {"texts": [...]}. Standard output: a line [NFC, NFD, NFKC, NFKD] for each text, by JavaScript's own normalization.
import { readFileSync } from "node:fs";

const lines = JSON.parse(readFileSync(0, "utf8")).texts.map((text) => JSON.stringify(["NFC", "NFD", "NFKC", "NFKD"].map((form) => text.normalize(form))));
process.stdout.write(lines.join("\n") + "\n");
