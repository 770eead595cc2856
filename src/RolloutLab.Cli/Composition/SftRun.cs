using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Orchestration;
using RolloutLab.Recipes;
using RolloutLab.Runs;
using RolloutLab.Training;

namespace RolloutLab.Cli;

/// <summary><c>sft</c>: supervised fine-tuning alone; the result is a checkpoint, which is a model folder.</summary>
internal sealed class SftRun : IDisposable
{
    private readonly Recipe _recipe;
    private readonly RunSession _session;
    private readonly SftStage _stage;
    private readonly LiveSource? _engine;
    private readonly PromptSet? _prompts;

    public SftRun(Recipe recipe, RunIdentity identity, Machine machine, RunContext context)
    {
        var section = recipe.RequireSft();
        _recipe = recipe;
        _session = new RunSession(recipe, identity, modelFolder: null, machine, context);
        Evaluator? evaluator = null;
        if (recipe.Data.Eval is not null)
        {
            _prompts = _session.HeldOutPrompts();
            var longest = _session.Policy.LongestSequence(_prompts.Summary.LongestTokens, recipe.Evaluation.Sampling.MaxNewTokens);
            _engine = new LiveSource(_session.Policy, recipe.Engine, longest, _session.Random, () => 0);
            evaluator = _session.Evaluator(_prompts, _engine.Source, new Grader(Strategies.Verifier(recipe.RequireVerifier())));
        }

        _stage = new SftStage(_session, section, evaluator, _session.Observer);
    }

    /// <summary>Runs it, everything written to the run's folder.</summary>
    public RunEnding Execute(RunDirectory directory)
    {
        var section = _recipe.Sft!;
        _session.Announce(
            section.Steps, directory.Path, ("data", section.Data.Path), ("step", $"{section.SequencesPerStep} demonstrations"));
        using var metrics = Tracking.Open(directory, _recipe);
        var outcome = _stage.Execute(metrics);
        var state = new LoopState { Step = outcome.Steps, PolicyVersion = outcome.Steps, TokensTrained = outcome.TokensTrained };
        new CheckpointStore(directory.CheckpointsPath, _recipe.Checkpoint, _session.Policy.Save, _stage.Optimizer, []).Write(state);
        var final = outcome.Final?.ToScore() ?? new PolicyScore();
        return _session.Finish(
            directory, outcome.Interrupted, new PolicyScore { Loss = outcome.FirstLoss }, final with { Loss = outcome.LastLoss }, state, outcome.Seconds);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stage.Dispose();
        _engine?.Dispose();
        _prompts?.Dispose();
        _session.Dispose();
    }
}
