#!/usr/bin/env python3
"""compare_transformers.py PUBLISHED WORK: Countdown's warm-up model in RolloutLab and in Hugging Face transformers.

The program runs first: one supervised AdamW step on 16 demonstrations (metrics and a checkpoint), and 64 greedy tokens for
8 problems (`chat`). Then transformers loads the same folder and computes the same: the loss
of the forward pass, the weights after torch.optim.AdamW, the greedy tokens. Exit code 1 when the losses or weights differ
by more than 1e-3 relative, or a response differs before a tie.
"""

import json
import pathlib
import subprocess
import sys

RATE, DECAY = 1e-3, 0.01

RECIPE = """
seed: 1
dtype: float32
model: {{ path: {model} }}
data:
  train: {{ type: countdown, path: {problems} }}
  eval: {{ type: countdown, path: {problems}, limit: 1 }}
verifier: {{ type: countdown }}
rollout: {{ max_new_tokens: 16 }}
evaluation: {{ every: 0, rollouts: 1, pass_at: [1] }}
sft:
  data: {{ type: jsonl, path: {demonstrations} }}
  steps: 1
  sequences_per_step: 16
  optimizer: {{ learning_rate: {rate}, weight_decay: {decay}, max_grad_norm: 0, beta1: 0.9, beta2: 0.999, epsilon: 1.0e-8 }}
"""


def call(published, *arguments):
    done = subprocess.run([published / "rolloutlab", *arguments, "--json"], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f"compare_transformers.py: rolloutlab {arguments[0]} ended with exit code {done.returncode}")
    return json.loads(done.stdout)


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def program(published, work):
    """Runs the program; gives the demonstrations, its run folder, its greedy answers and the ids of the symbols."""
    countdown = published / "data" / "countdown"
    problems = [p for p in lines(countdown / "train.jsonl") if "(" not in p["solution"]][:16]
    demonstrations = [{"prompt": ",".join(map(str, p["numbers"])) + f"={p['target']}:", "response": p["solution"]} for p in problems]
    path = work / "demonstrations.jsonl"
    path.write_text("".join(json.dumps(d) + "\n" for d in demonstrations))
    few = work / "problems.jsonl"
    few.write_text("".join(json.dumps(p) + "\n" for p in problems[:8]))
    recipe, sft = work / "step.yaml", work / "transformers-step"
    recipe.write_text(RECIPE.format(model=countdown / "warmup", problems=few, demonstrations=path, rate=f"{RATE:.1e}", decay=DECAY))
    call(published, "sft", recipe, "--run-dir", sft)
    greedy = [
        call(published, "chat", countdown / "warmup", "--prompt", d["prompt"], "--plain", "--temperature", "0", "--max-new-tokens", "64")
        for d in demonstrations[:8]
    ]
    symbols = json.loads((countdown / "warmup" / "tokenizer.json").read_text())["symbols"]
    return demonstrations, sft, greedy, {s: i for i, s in enumerate(symbols)}


def main():
    published, work = (pathlib.Path(a).resolve() for a in sys.argv[1:3])
    demonstrations, sft, greedy, ids = program(published, work)
    if "--program-only" in sys.argv:
        return 0

    import torch
    from transformers import AutoModelForCausalLM

    end, device = len(ids), "cuda" if torch.cuda.is_available() else "cpu"
    load = lambda folder: AutoModelForCausalLM.from_pretrained(folder, torch_dtype=torch.float32).to(device)
    encode = lambda text: [ids[c] for c in text]
    model, failed = load(published / "data" / "countdown" / "warmup"), False

    def report(name, apart, tolerance):
        nonlocal failed
        failed |= apart > tolerance
        print(f"{name:<44}{apart:>10.2e}  of {tolerance:.0e}{'  too far' if apart > tolerance else ''}")

    same = total = 0
    for row in greedy:
        prompt = torch.tensor([encode(row["prompt"])], device=device)
        with torch.no_grad():
            out = model.generate(prompt, max_new_tokens=64, do_sample=False, eos_token_id=end, pad_token_id=end)[0, prompt.shape[1] :]
        theirs = [t for t in out.tolist() if t != end]
        same += theirs == encode(row["response"])
        total += 1
    report(f"greedy responses that differ, of {total}", (total - same) / total, 0)

    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in model.parameters() if p.dim() > 1], "weight_decay": DECAY},
            {"params": [p for p in model.parameters() if p.dim() == 1], "weight_decay": 0.0},
        ],
        lr=RATE,
    )
    loss, count = 0.0, 0
    for d in demonstrations:
        prompt, response = encode(d["prompt"]), encode(d["response"]) + [end]
        tokens = torch.tensor([prompt + response], device=device)
        scores = torch.log_softmax(model(tokens).logits[0, :-1].float(), -1)
        chosen = scores.gather(1, tokens[0, 1:, None])[len(prompt) - 1 :, 0]
        loss, count = loss - chosen.sum(), count + len(response)
    loss = loss / count
    ours = next(v for k, v in lines(sft / "metrics.jsonl")[0].items() if k.endswith("loss"))
    report("loss of the forward pass", abs(loss.item() - ours) / abs(ours), 1e-3)
    loss.backward()
    optimizer.step()
    after = load(max((sft / "checkpoints").glob("step-*")))
    # Where a gradient is nearly 0 the first step of AdamW is a sign: the difference is taken over all weights.
    apart = sum(((a - b) ** 2).sum() for a, b in zip(model.parameters(), after.parameters())).sqrt()
    report("weights after an AdamW step", (apart / sum((p**2).sum() for p in model.parameters()).sqrt()).item(), 1e-3)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
