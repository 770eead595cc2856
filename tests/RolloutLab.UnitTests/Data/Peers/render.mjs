// Standard input: {"template": text, "chats": [variables...]}. Standard output: a line with the rendered text, or {"error"}, for each, by @huggingface/jinja.
import { readFileSync } from "node:fs";
import { Template } from "@huggingface/jinja";

const { template: source, chats } = JSON.parse(readFileSync(0, "utf8"));
const template = new Template(source);
const lines = chats.map((variables) => {
  try {
    return JSON.stringify(template.render(variables));
  } catch (error) {
    return JSON.stringify({ error: error.message });
  }
});
process.stdout.write(lines.join("\n") + "\n");
