using System.Text.Json.Nodes;
using RolloutLab.Cli;

namespace RolloutLab.EndToEndTests.CommandLine;

/// <summary><c>parity</c> in process: it needs neither model nor LibTorch.</summary>
public sealed class ParityTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public static TheoryData<string> Examples => [.. Directory.GetFiles(ExampleFolder, "*.json").Select(f => Path.GetFileName(f)).Order(StringComparer.Ordinal)];

    private static string ExampleFolder => Path.Combine(Root(), "data", "parity");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(Examples))]
    public void Every_example_gives_what_it_says(string file)
    {
        var example = JsonNode.Parse(File.ReadAllText(Path.Combine(ExampleFolder, file)))!;
        var words = ((string)example["command"]!).Split(' ')[3..];

        var result = Json([Path.Combine(ExampleFolder, file), .. words]);

        foreach (var (key, expected) in example["expected"]!.AsObject())
        {
            Assert.All(Numbers(expected!).Zip(Numbers(result[key]!)), p => Assert.Equal(p.First, p.Second, 1e-6));
            Assert.Equal(Numbers(expected!).Count(), Numbers(result[key]!).Count());
        }
    }

    [Fact]
    public void Every_loss_has_an_example()
    {
        string[] losses = ["vanilla", "gppo", "gspo", "luspo", "gmpo", "cispo", "sapo", "vespo", "clip_cov", "kl_cov", "dppo_tv", "dppo_kl", "ipo", "dro", "gpg", "reinforce"];

        Assert.Empty(losses.Except(Directory.GetFiles(ExampleFolder).Select(f => Path.GetFileNameWithoutExtension(f)!)));
    }

    [Theory]
    [InlineData("rloo", "[0.75, -0.5, -0.5, 0.75, -0.5, 0.5, 0.5, -1]")]
    [InlineData("opo", "[0.8, -0.2, -0.2, 0.8, -0.2, 0.166667, 0.166667, -0.833333]")]
    [InlineData("gpg", "[1.2, -0.8, -0.8, 1.2, -0.8, 0.666667, 0.666667, -1.333333]")]
    [InlineData("max_rl", "[1.5, -1, -1, 1.5, -1, 0.5, 0.5, -1]")]
    [InlineData("reinforce++-baseline", "[1.592991, -0.698297, -0.698297, 1.592991, -0.698297, 0.981980, 0.981980, -1.309307]")]
    public void Estimators_match_the_golden_table(string advantage, string expected)
    {
        var result = Json([Path.Combine(ExampleFolder, "advantages.json"), "--advantage", advantage]);

        Assert.All(Numbers(JsonNode.Parse(expected)!).Zip(Numbers(result["advantages"]!)), p => Assert.Equal(p.First, p.Second, 1e-6));
    }

    [Fact]
    public void Aggregations_and_peer_names_are_understood()
    {
        var vanilla = Path.Combine(ExampleFolder, "vanilla.json");
        string[] clip = ["--set", "loss.clip_high=0.28"];

        Assert.Equal(-.166069, (double)Json([vanilla, "--aggregation", "seq-mean-token-mean", .. clip])["loss"]!, 1e-6);
        Assert.Equal(-.166069, (double)Json([vanilla, "--loss", "grpo", .. clip])["loss"]!, 1e-6);
        Assert.Equal(-.314810 * 5, (double)Json([vanilla, "--aggregation", "token_sum", .. clip])["loss"]!, 1e-5);
        Assert.Equal(-.314810 * 5 / 2 / 10, (double)Json([vanilla, "--aggregation", "seq_mean_token_sum_norm", "--set", "loss.scale_length=10", .. clip])["loss"]!, 1e-5);
        Assert.Equal(-.777998, (double)Json([vanilla, "--loss", "sapo", "--aggregation", "token_mean"])["loss"]!, 1e-6);
    }

    [Fact]
    public void Masked_tokens_have_no_part_and_everything_masked_has_loss_zero()
    {
        var part = Write("""{"rollouts": [{"group": 1, "advantage": 1, "logprobs": [-9, -1, -2, -9], "mask": [0, 1, 1, 0]}, {"group": 1, "advantage": 1, "logprobs": [], "mask": []}]}""");
        var none = Write("""{"rollouts": [{"group": 1, "reward": 1, "logprobs": [-1, -2], "mask": [0, 0]}]}""", "none.json");

        Assert.Equal("[[0,-0.5,-0.5,0],[]]", Json([part, "--loss", "gpg"])["gradient"]!.ToJsonString());
        Assert.Equal(0, (double)Json([none])["loss"]!);
        Assert.Equal("[[0,0]]", Json([none])["gradient"]!.ToJsonString());
        Assert.Equal(0, (double)Json([Write("""{"rollouts": []}""", "empty.json")])["loss"]!);
    }

    [Fact]
    public void Several_rewards_and_the_divergence_count_in_the_advantage()
    {
        var batch = Write("""{"rollouts": [{"group": "a", "rewards": [1, null], "logprobs": [-1], "old_logprobs": [-1], "ref_logprobs": [-3]}, {"group": "a", "rewards": {"x": 0, "y": 4}, "logprobs": [-1], "old_logprobs": [-1], "ref_logprobs": [-1]}]}""");

        Assert.Equal("[-0.5,0.5]", Json([batch, "--advantage", "dr_grpo", "--reward-weights", "1,0.5"])["advantages"]!.ToJsonString());
        Assert.Equal("[-1,1]", Json([batch, "--advantage", "dr_grpo", "--reward-weights", "1,0.5", "--set", "loss.kl_coefficient=0.5", "--set", "loss.kl_estimator=k1", "--set", "loss.kl_placement=reward"])["advantages"]!.ToJsonString());
    }

    [Theory]
    [InlineData("""{"group": "a", "reward": 1, "logprobs": [-1, -2], "old_logprobs": [-1]}""", "rollout 0: old_logprobs has 1 entries, logprobs has 2: position 1 is in one of them only; all lists need one entry a token")]
    [InlineData("""{"group": "a", "reward": 1, "logprobs": [-1, -2, -3], "mask": [1, 0, 1]}""", "rollout 0: mask[1] is a hole: tokens before and after it are trained; trained tokens must stand side by side")]
    [InlineData("""{"id": "x7", "group": "a", "reward": 1, "logprobs": [-1, NaN]}""", "rollout x7: logprobs[1] is NaN; it must be finite")]
    [InlineData("""{"group": "a", "reward": 1, "logprobs": [-1], "old_logprobs": [-Infinity]}""", "rollout 0: old_logprobs[0] is -Infinity; it must be finite")]
    [InlineData("""{"group": "a", "reward": 1, "logprobs": [null]}""", "rollout 0: logprobs[0] is null; it must be a number")]
    [InlineData("""{"group": "a", "reward": 1, "logprobs": [-1], "old_logprob": [-1]}""", "rollout 0: unknown key old_logprob; did you mean old_logprobs?")]
    [InlineData("""{"group": "a", "reward": 1, "prompt": "p", "logprobs": [-1]}, {"group": "a", "reward": 1, "prompt": "q", "logprobs": [-1]}""", "rollout 1: group a is also that of rollout 0, which answers another prompt; give each prompt a group of its own")]
    [InlineData("""{"group": "a", "reward": 1, "logprobs": [-1], "mask": [2]}""", "rollout 0: mask[0] is 2; it must be 0 or 1")]
    [InlineData("""{"group": "a", "logprobs": [-1]}""", "rollout 0: reward is missing; an advantage needs it")]
    [InlineData("""{"reward": 1, "logprobs": [-1]}""", "rollout 0: group is missing; name the group whose baseline it shares")]
    [InlineData("""{"group": "a", "reward": Infinity, "logprobs": [-1]}""", "rollout 0: reward must be a finite number, or null for no verdict")]
    public void Bad_batches_are_refused_in_one_line(string rollouts, string expected)
    {
        var path = Write($$"""{"rollouts": [{{rollouts}}]}""");

        var (code, _, error) = Run([path, "--json"]);

        Assert.Equal($"rolloutlab: {path}: {expected}\n", error);
        Assert.Equal(ExitCodes.BadInput, code);
    }

    [Theory]
    [InlineData("--loss vanila", "loss.type = vanila: must be one of")]
    [InlineData("--advantage grop", "did you mean grpo?")]
    [InlineData("--aggregation mean", "loss.aggregation = mean: must be one of")]
    [InlineData("--loss gspo --set loss.top_entropy_quantile=0.2", "does not go with loss.type gspo: its ratio belongs to whole sequences")]
    [InlineData("--loss gspo --set loss.correction={level: token, bound: mask}", "a token-level mask does not go with loss.type gspo")]
    [InlineData("--loss gmpo --aggregation token_mean", "must be seq_mean_token_mean")]
    [InlineData("--loss dro", "loss.beta: missing")]
    [InlineData("--set rollout.temperature=1", "--set rollout.temperature=1: only keys of loss and advantage count here")]
    [InlineData("--set loss.kl_coefficient=1", "rollout 0: ref_logprobs is missing; loss.kl_coefficient above 0 needs it")]
    [InlineData("--advantage remax", "rollout 0: baseline (the reward of the greedy answer) is missing")]
    public void Bad_options_are_refused_in_one_line(string options, string expected)
    {
        var path = Write("""{"rollouts": [{"group": "a", "reward": 1, "logprobs": [-1]}]}""");
        var words = options.Split(" --").SelectMany((o, i) => (i == 0 ? o : "--" + o).Split(' ', 2)).ToArray();

        var (code, _, error) = Run([path, .. words]);

        Assert.Contains(expected, error, StringComparison.Ordinal);
        Assert.Single(error.TrimEnd().Split('\n'));
        Assert.Equal(ExitCodes.BadInput, code);
    }

    private static IEnumerable<double> Numbers(JsonNode node) => node is JsonArray list ? list.SelectMany(n => Numbers(n!)) : [(double)node];

    private static JsonNode Json(string[] words)
    {
        var (code, output, error) = Run([.. words, "--json"]);
        Assert.Equal((0, ""), (code, error));
        var result = JsonNode.Parse(output)!;
        Assert.Equal(["advantages", "loss", "gradient", "metrics"], result.AsObject().Select(p => p.Key));
        return result;
    }

    private static (int Code, string Output, string Error) Run(string[] words)
    {
        var call = InProcess.Call(["parity", .. words]);
        return (call.Code, call.Out, call.Error);
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder!.FullName, "RolloutLab.sln")))
        {
            folder = folder.Parent;
        }

        return folder.FullName;
    }

    private string Write(string json, string name = "batch.json")
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, json);
        return path;
    }
}
