using RolloutLab.Core;
using RolloutLab.Recipes;
using YamlDotNet.RepresentationModel;

namespace RolloutLab.UnitTests.Recipes;

/// <summary>Recipes as text, for the tests to bend.</summary>
internal static class RecipeText
{
    /// <summary>The least a training recipe needs: four lines, so that what a test appends starts on line 5.</summary>
    public const string Minimal = """
        model: { path: model }
        data:
          train: { type: countdown, path: train.jsonl }
        verifier: { type: countdown }

        """;

    /// <summary>Recipes that together use every type of every section.</summary>
    public static IReadOnlyList<string> EveryVariant { get; } =
    [
        Minimal,
        """
        seed: 72057594037927935
        model:
          config: { hidden_size: 64, layers: 2, heads: 4, kv_heads: 2, intermediate_size: 128, max_positions: 512, rope_theta: 1.0e+6 }
        tokenizer: { type: bytes }
        data:
          train: { type: jsonl, path: "my data/ü 'a' \"b\".jsonl", id_field: id, prompt_template: "Q:\t{prompt}\r\n\\ \u2028 😀" }
          eval: { type: gsm8k, path: /abs/test.jsonl, overlong: skip, limit: 7 }
        verifier: { type: numeric, extraction: marked, tolerance: 1.0e-9 }
        rollout: { temperature: 0.7, top_k: 5, top_p: 0.95, min_p: 0.01, max_new_tokens: 100 }
        advantage: { normalize: batch_std, singleton: reward }
        loss: { aggregation: seq_mean_token_sum_norm, kl_estimator: k1, dual_clip: 0 }
        optimizer: { schedule: { type: cosine, min_ratio: 0.1 } }
        evaluation: { rollouts: 8, pass_at: [8, 1, 4], every: 3 }
        sft: { data: { type: gsm8k, path: g.jsonl }, steps: 10 }
        """,
        """
        model: { path: "null" }
        tokenizer: { type: file, path: t.json }
        data:
          train: { type: gsm8k, path: a.jsonl }
          eval: { type: jsonl, path: b.jsonl }
        verifier: { type: countdown, format: expression }
        sft: { data: { type: jsonl, path: "true" }, steps: 1, optimizer: { schedule: { type: cosine } } }
        """,
        """
        model: { path: m }
        tokenizer: { type: countdown }
        data:
          eval: { type: countdown, path: b.jsonl }
        verifier: { type: numeric }
        sft: { data: { type: countdown_traces, path: c.jsonl }, steps: 1, evaluate_every: 1 }
        """,
        "model: { path: m }\ndata: { train: { type: parquet, path: d/*.parquet, extra_fields: [level, meta.subject], incomplete: skip }, eval: { type: parquet, path: e.parquet } }\nverifier: { type: numeric }\n",
        "model: { config: { hidden_size: 64, layers: 2, heads: 4, intermediate_size: 128, max_positions: 512, vocabulary_size: 151936 }, tokenizer: t }\ndata: { chat: { system: s, enable_thinking: false, template: t.jinja }, train: { type: verl, path: a.parquet }, eval: { type: trl, path: b.jsonl } }\nverifier: { type: numeric }\n",
        "model: { path: m }\ndata: { train: { type: trl, path: a.parquet, answer_field: gold }, eval: { type: verl, path: b.jsonl, extra_fields: [] } }\nverifier: { type: numeric }\n",
        Minimal + "reward: { truncated: {}, overlong: { buffer: 9 }, cosine: {}, repetition: {}, format: { pattern: a } }\nrecompose: { stages: [rorecomp, replay] }\n",
        .. Losses.Select(loss => Minimal + $"loss: {{ {loss} }}\n"),
        .. Advantages.Select(type => $"model: {{ path: m }}\nadvantage: {{ type: {type}, novelty: {{ gain: 3 }} }}\n"),
        Minimal + "rollout: { strategy: { type: latr, lookahead: [8], share: { type: table, steps: [1, 5], shares: [1, 0.25] } } }",
        Minimal + "budget: { type: xrpo }\nseeding: { template: \"{prompt}{solution},\", overlong: skip, group: prompt }\n",
        Minimal + "rollout: { strategy: { type: latr } }",
        Minimal + "rollout: { strategy: { type: latr, share: { type: geometric } } }",
        Minimal + "rollout: { strategy: { type: entropy_tree } }",
        Minimal + "rollout: { strategy: { type: segment_tree } }",
        Minimal + "rollout: { strategy: { type: diverse_beam } }",
        .. new[] { "knapsack", "knapsack_bayes", "xrpo", "ucb", "thompson", "adaptive", "difficulty_pool", "spo" }
            .Select(type => Minimal + $"budget: {{ type: {type}, unit: tokens, tokens_per_step: 4096 }}\n"),
        .. new[] { "uniform", "knapsack", "xrpo", "ucb", "thompson", "adaptive", "difficulty_pool", "spo" }
            .Select(type => $"simulation: {{ pool: {{ type: log, path: l.jsonl }}, allocators: {{ NAME: {{ type: {type} }} }} }}\n"),
        "simulation: { pool: { type: beta }, estimates: {}, allocators: { NAME: {} } }\n",
        "simulation: { allocators: { NAME: {} } }\n",
        .. new[] { "uniform", "knapsack", "knapsack_bayes", "xrpo", "ucb", "thompson", "adaptive", "difficulty_pool", "spo" }
            .Select(type => $"replay: {{ log: l.jsonl, allocators: {{ NAME: {{ type: {type} }} }} }}\n"),
        "replay: { allocators: { NAME: {} } }\n",
        "model: { path: a, base: m, lora: {} }\n",
        .. new[] { "knapsack_bayes", "thompson" }.Select(type => $"{{ type: {type}, prior: {{ type: fixed }} }}").SelectMany(budget => new[]
        {
            Minimal + $"budget: {budget}\n",
            $"simulation: {{ allocators: {{ NAME: {budget} }} }}\n",
            $"replay: {{ log: l.jsonl, allocators: {{ NAME: {budget} }} }}\n",
        }),
    ];

    private static string[] Losses =>
    [
        "type: gppo, positive_nll_coefficient: 0.1", "type: gspo, clip_low: 3.0e-4", "type: luspo", "type: gmpo", "type: cispo, ratio_cap: 5", "type: sapo",
        "type: vespo", "type: clip_cov", "type: kl_cov", "type: dppo_tv", "type: dppo_kl", "type: ipo", "type: dro, beta: 0.1", "type: gpg",
        "type: reinforce, correction: { level: token, reject: { high: 2 } }", "old_log_probs: recompute, correction: { bound: mask, reject: [{ level: seq_sum, low: 0.5, high: 2 }, { estimator: k3, level: seq_max, high: 0.01 }] }",
    ];

    private static string[] Advantages =>
    [
        "dr_grpo", "rloo", "opo", "gpg", "pass_at_k", "max_rl", "rae", "gdpo", "reinforce_plus_plus", "reinforce_plus_plus_baseline", "remax",
        "optimal_token_baseline", "spo", "tree",
    ];

    public static Recipe Parse(string yaml, params string[] overrides) => RecipeLoader.Parse(yaml, "r.yaml", "/base", overrides);

    /// <summary>The line a wrong recipe is refused with.</summary>
    public static string ErrorOf(string yaml, params string[] overrides)
    {
        string message = Assert.Throws<RecipeException>(() => Parse(yaml, overrides)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    /// <summary>Dotted paths of all keys of a YAML text, by an independent reading of it.</summary>
    public static IEnumerable<string> KeysOf(string yaml)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(yaml));
        return Walk((YamlMappingNode)stream.Documents[0].RootNode, "");

        static IEnumerable<string> Walk(YamlMappingNode node, string prefix) => node.Children.SelectMany(child =>
        {
            string path = prefix + ((YamlScalarNode)child.Key).Value;
            IEnumerable<string> inner = child.Value is YamlMappingNode section ? Walk(section, path + ".") : [];
            return inner.Prepend(path);
        });
    }
}
