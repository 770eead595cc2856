using System.Text.Json.Nodes;

namespace RolloutLab.EndToEndTests.Training;

/// <summary>The recipe with Qwen2.5's own tokenizer, chat template and vocabulary, cut down to one step of each stage.</summary>
public sealed class QwenRecipeTests : IDisposable
{
    private readonly TrainingProgram _program = new();

    public void Dispose() => _program.Dispose();

    [SharedDataFact("gsm8k/train.jsonl", "gsm8k/test.jsonl", "qwen2.5-tokenizer/tokenizer.json", "qwen2.5-tokenizer/tokenizer_config.json")]
    public void Every_stage_runs_at_the_real_vocabulary_and_leaves_a_folder_that_can_be_talked_to()
    {
        var recipe = Path.Combine(TrainingProgram.Root(), "recipes", "tiny-qwen-gsm8k.yaml");
        string[] cut =
        [
            "threads=1", "model.config.hidden_size=16", "model.config.intermediate_size=32", "data.train.limit=40", "data.eval.limit=1", "sft.steps=1",
            "sft.sequences_per_step=1", "training.steps=1", "budget.prompts_per_step=1", "budget.rollouts_per_prompt=2", "rollout.max_new_tokens=6",
            "evaluation={ rollouts: 1, pass_at: [1] }",
        ];
        var result = _program.Run(["train", recipe, "--run-dir", "run", .. cut.SelectMany(c => new[] { "--set", c })]);

        Assert.True(result.Code == 0, result.Error);
        Assert.All(TrainingProgram.Rows(_program.At("run", "metrics.jsonl")).Concat(TrainingProgram.Rows(_program.At("run", "sft-metrics.jsonl"))), row =>
            Assert.All(row, pair => Assert.True(pair.Value is null || double.IsFinite((double)pair.Value), pair.Key)));
        Assert.InRange((double)TrainingProgram.Rows(_program.At("run", "sft-metrics.jsonl"))[0]["sft/loss"]!, 11, 13);
        var prompt = (string)TrainingProgram.Rows(_program.At("run", "rollouts.jsonl"))[0]["prompt"]!;
        Assert.StartsWith("<|im_start|>system\nPlease reason step by step, and put your final answer after ####.<|im_end|>\n<|im_start|>user\n", prompt, StringComparison.Ordinal);
        Assert.EndsWith("<|im_end|>\n<|im_start|>assistant\n", prompt, StringComparison.Ordinal);

        var answer = _program.Run("chat", "run", "--prompt", "How many?", "--max-new-tokens", "3", "--context", "64", "--threads", "1", "--json");
        Assert.True(answer.Code == 0, answer.Error);
        Assert.InRange((int)JsonNode.Parse(answer.Out)!["tokens"]!, 1, 3);
    }
}
