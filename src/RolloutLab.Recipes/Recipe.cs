using System.Security.Cryptography;
using System.Text;
using RolloutLab.Core;
using static RolloutLab.Recipes.NumberRange;

namespace RolloutLab.Recipes;

/// <summary>
/// A complete recipe: every key has its value, defaults included. Immutable; made by <see cref="RecipeLoader"/>.
/// Two recipes are equal when all their values are.
/// </summary>
public sealed class Recipe : IEquatable<Recipe>
{
    // Random streams mix the purpose of a draw into the seed's highest byte.
    private const long MaxSeed = (1L << 56) - 1;

    private readonly ResolvedSection _resolved;

    /// <param name="r">The root section.</param>
    /// <param name="source">How messages name the recipe.</param>
    internal Recipe(SectionReader r, string source)
    {
        Source = source;
        Seed = r.Long("seed", 1, AtLeast(0), MaxSeed, "Seeds every random draw.");
        Threads = r.Integer("threads", 0, AtLeast(0), "CPU threads; 0 for all cores.");
        Device = r.Choice(
            "device", DeviceChoice.Auto, "Where the model runs.",
            ("auto", DeviceChoice.Auto), ("cpu", DeviceChoice.Cpu), ("cuda", DeviceChoice.Cuda));
        Dtype = r.Choice(
            "dtype", DtypeChoice.Float32, "What weights count as: with bfloat16 trained ones keep a float32 master copy; the CPU computes in float32.",
            ("float32", DtypeChoice.Float32), ("bfloat16", DtypeChoice.Bfloat16));
        Model = r.Section("model", "The policy's model.", ModelSection.Read);
        Tokenizer = r.Section("tokenizer", "How text becomes tokens.", TokenizerSection.Read);
        Data = r.Section("data", "The prompt sets.", DataSection.Read);
        Verifier = r.OptionalSection("verifier", "How responses are judged; needed wherever there are prompts.", VerifierSection.Read);
        (Rollout, Strategy) = r.Section("rollout", "How training draws tokens, and where rollouts branch.", ReadRollout);
        Engine = r.Section("engine", "How much the rollout engine holds and does at once.", EngineSection.Read);
        Budget = r.Section("budget", "How many rollouts each prompt gets.", BudgetSection.Read);
        Seeding = r.OptionalSection("seeding", "Solved examples before questions that stay unsolved in a step's first rounds (XRPO).", s => SeedingSection.Read(s, Data.Train));
        Advantage = r.Section("advantage", "How rewards become advantages.", AdvantageSection.Read);
        Reward = r.OptionalSection("reward", "What a training reward is made of besides the verifier's.", RewardSection.Read);
        Recompose = r.Section("recompose", "Which of a step's rollouts are trained, and what is trained again.", s => RecomposeSection.Read(s, Data.Train));
        Loss = r.Section("loss", "What the update minimises.", LossSection.Read);
        Update = r.Section("update", "How a step's rollouts become optimizer steps.", UpdateSection.Read);
        Optimizer = r.Section("optimizer", "The optimizer of training.", s => OptimizerSection.Read(s, learningRate: 1e-6));
        Training = r.Section("training", "How long training lasts.", TrainingSection.Read);
        Evaluation = r.Section("evaluation", "How the policy is evaluated on data.eval.", s => EvaluationSection.Read(s, Rollout));
        Checkpoint = r.Section("checkpoint", "When checkpoints are written.", CheckpointSection.Read);
        Sft = r.OptionalSection("sft", "Supervised fine-tuning; in train it runs before the first step.", SftSection.Read);
        Simulation = r.OptionalSection("simulation", "A simulated policy for `simulate`, in place of model and data.", SimulationSection.Read);
        Tracking = r.Choices("tracking", "Where metrics go besides metrics.jsonl; tensorboard writes event files beside it.", ("tensorboard", TrackingChoice.TensorBoard));
        Replay = r.OptionalSection("replay", "How `replay` reads a log and what it compares; every recipe can be replayed.", LogReplaySection.Read);
        Run = r.Section("run", "Where a run goes and what it keeps.", RunSection.Read);
        _resolved = r.Resolved;
        RecipeRules.Check(r, this);
    }

    /// <summary>How messages name the recipe: its file as the user gave it.</summary>
    public string Source { get; }

    /// <summary>The recipe's name: its file name without the extension.</summary>
    public string Name => Path.GetFileNameWithoutExtension(Source);

    /// <summary>Seeds every random draw; at least 0.</summary>
    public long Seed { get; }

    /// <summary>CPU threads; 0 for all cores.</summary>
    public int Threads { get; }

    /// <summary>Where the model runs.</summary>
    public DeviceChoice Device { get; }

    /// <summary>What weights count as where they are used.</summary>
    public DtypeChoice Dtype { get; }

    /// <summary>The policy's model.</summary>
    public ModelSection Model { get; }

    /// <summary>How text becomes tokens.</summary>
    public TokenizerSection Tokenizer { get; }

    /// <summary>The prompt sets.</summary>
    public DataSection Data { get; }

    /// <summary>How responses are judged; never null when there are prompts.</summary>
    public VerifierSection? Verifier { get; }

    /// <summary>How training draws tokens.</summary>
    public SamplingParameters Rollout { get; }

    /// <summary>Where the rollouts of a prompt branch in training.</summary>
    public StrategySection Strategy { get; }

    /// <summary>How much the rollout engine holds and does at once.</summary>
    public EngineSection Engine { get; }

    /// <summary>How many rollouts each prompt gets.</summary>
    public BudgetSection Budget { get; }

    /// <summary>Solved examples before questions that stay unsolved in a step's first rounds; null for none.</summary>
    public SeedingSection? Seeding { get; }

    /// <summary>How rewards become advantages.</summary>
    public AdvantageSection Advantage { get; }

    /// <summary>What a training reward is made of besides the verifier's; null for nothing.</summary>
    public RewardSection? Reward { get; }

    /// <summary>Which of a step's rollouts are trained, and what is trained again.</summary>
    public RecomposeSection Recompose { get; }

    /// <summary>What the update minimises.</summary>
    public LossSection Loss { get; }

    /// <summary>How a step's rollouts become optimizer steps.</summary>
    public UpdateSection Update { get; }

    /// <summary>The optimizer of training.</summary>
    public OptimizerSection Optimizer { get; }

    /// <summary>How long training lasts.</summary>
    public TrainingSection Training { get; }

    /// <summary>How the policy is evaluated.</summary>
    public EvaluationSection Evaluation { get; }

    /// <summary>When checkpoints are written.</summary>
    public CheckpointSection Checkpoint { get; }

    /// <summary>Supervised fine-tuning before training; null for none.</summary>
    public SftSection? Sft { get; }

    /// <summary>A simulated policy in place of model and data; null for none.</summary>
    public SimulationSection? Simulation { get; }

    /// <summary>Where metrics go besides <c>metrics.jsonl</c>.</summary>
    public ValueList<TrackingChoice> Tracking { get; }

    /// <summary>How a log is replayed; null for the defaults.</summary>
    public LogReplaySection? Replay { get; }

    /// <summary>Where a run goes and what it keeps.</summary>
    public RunSection Run { get; }

    /// <summary>
    /// SHA-256, in lower-case hexadecimal, of every value of the recipe, defaults, seed and threads included. Paths
    /// count as they were written, so the same recipe has the same hash wherever the checkout lies.
    /// </summary>
    public string Hash => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(_resolved.ToYaml(forHash: true))));

    /// <summary>
    /// The recipe as YAML with every key, in a stable order and with absolute paths. Loading it gives an equal recipe
    /// (of another <see cref="Hash"/> where paths were written relative).
    /// </summary>
    public string ToYaml() => _resolved.ToYaml(forHash: false);

    /// <summary>The prompts to train on.</summary>
    /// <exception cref="RecipeException">The recipe has none.</exception>
    public PromptSetSection RequireTrainData() => Data.Train
        ?? throw Missing("data.train", "training needs prompts, such as train: { type: countdown, path: ../data/countdown/train.jsonl }");

    /// <summary>The prompts to evaluate on.</summary>
    /// <exception cref="RecipeException">The recipe has none.</exception>
    public PromptSetSection RequireEvalData() => Data.Eval
        ?? throw Missing("data.eval", "evaluation needs prompts, such as eval: { type: countdown, path: ../data/countdown/heldout.jsonl }");

    /// <summary>The shape of a model from scratch.</summary>
    /// <exception cref="RecipeException">The recipe has no model.</exception>
    public ModelConfigSection RequireModelConfig() => Model.Config
        ?? throw Missing("model", "this command needs one; set model.path, or run the recipe with `simulate`");

    /// <summary>The simulated policy.</summary>
    /// <exception cref="RecipeException">The recipe has none.</exception>
    public SimulationSection RequireSimulation() => Simulation
        ?? throw Missing("simulation", "`simulate` needs a simulated policy, such as recipes/simulate-published.yaml has; `train` takes recipes with a model");

    /// <summary>How responses are judged.</summary>
    /// <exception cref="RecipeException">The recipe does not say.</exception>
    public VerifierSection RequireVerifier() => Verifier
        ?? throw Missing("verifier", "judging responses needs one, such as verifier: { type: numeric }");

    /// <summary>The supervised fine-tuning.</summary>
    /// <exception cref="RecipeException">The recipe has none.</exception>
    public SftSection RequireSft() => Sft
        ?? throw Missing("sft", "fine-tuning needs demonstrations, such as sft: { data: { type: jsonl, path: my.jsonl }, steps: 9 }");

    /// <inheritdoc/>
    public bool Equals(Recipe? other) => other is not null && ToYaml() == other.ToYaml();

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as Recipe);

    /// <inheritdoc/>
    public override int GetHashCode() => ToYaml().GetHashCode(StringComparison.Ordinal);

    private static (SamplingParameters Sampling, StrategySection Strategy) ReadRollout(SectionReader r) =>
        (SamplingReader.Read(r), r.Section("strategy", "Where the rollouts of a prompt branch in training.", StrategySection.Read));

    private RecipeException Missing(string path, string remedy) => new($"{Source}: {path}: missing; {remedy}");
}
