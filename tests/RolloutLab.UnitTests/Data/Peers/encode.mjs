// Standard input: {"tokenizer": folder, "texts": [...]}. Standard output: a line [ids, text of the ids] for each text, by @huggingface/tokenizers.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";

const { tokenizer: folder, texts } = JSON.parse(readFileSync(0, "utf8"));
const read = (name) => JSON.parse(readFileSync(join(folder, name), "utf8"));
const tokenizer = new Tokenizer(read("tokenizer.json"), read("tokenizer_config.json"));
const lines = texts.map((text) => {
  const { ids } = tokenizer.encode(text, { add_special_tokens: false });
  return JSON.stringify([ids, tokenizer.decode(ids, { skip_special_tokens: false, clean_up_tokenization_spaces: false })]);
});
process.stdout.write(lines.join("\n") + "\n");
