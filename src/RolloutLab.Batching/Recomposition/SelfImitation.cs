using System.Text.Json.Nodes;
using RolloutLab.Core;
using RolloutLab.Recipes;

namespace RolloutLab.Batching;

/// <summary>
/// Self-imitation (SPEAR, arXiv 2509.22601): own right rollouts of positive advantage are kept; when there are 1.5 times the
/// capacity of them they are all trained once more, with the recalibrated advantage Ã = R − median of the last group means
/// where that is positive, and the buffer is emptied. Their loss is a term of its own, with its own denominators and the
/// weight coefficient·½(1 − cos(π·min(step/warmup, 1))). Rollouts leave after <c>max_steps</c> steps. The paper's clip of
/// high-covariance tokens is the loss <c>clip_cov</c>; its reward for tool calls has no place here.
/// </summary>
public sealed class SelfImitation(SelfImitationSection section) : IRecompositionStage, IStateful
{
    private readonly RolloutBuffer _buffer = new(section.Capacity + (section.Capacity / 2));
    private readonly Queue<double> _means = new();

    /// <inheritdoc/>
    public string StateName => "recompose-self-imitation.json";

    /// <summary>Rollouts in the buffer.</summary>
    public int Buffered => _buffer.Count;

    /// <inheritdoc/>
    public void Apply(RecompositionStep step)
    {
        _buffer.RemoveWhere(k => step.Step - k.Step > section.MaxSteps);
        foreach (var group in step.KeptGroups())
        {
            var rewards = GroupStatistics.Of(group.Select(i => (double)step.Sampled[i].Verdict.Reward));
            _means.Enqueue(rewards.Mean);
            if (_means.Count > section.Baselines)
            {
                _means.Dequeue();
            }

            _buffer.Add(group.Where(i => step.Sampled[i] is { Advantage: > 0, Verdict.IsCorrect: true }).Select(i => new KeptRollout(step.Sampled[i], step.Step)));
        }

        if (_buffer.Count >= section.Capacity + (section.Capacity / 2))
        {
            Imitate(step);
        }
    }

    /// <inheritdoc/>
    public void SaveState(Stream to) => StateNodes.Write(
        new JsonObject { ["buffer"] = _buffer.Save(), ["means"] = new JsonArray([.. _means.Select(m => (JsonNode)m)]) }, to);

    /// <inheritdoc/>
    public void LoadState(Stream from) => StateNodes.Read(from, StateName, state =>
    {
        var means = state["means"]!.AsArray().Select(m => m!.GetValue<double>()).ToList();
        _buffer.Load(state["buffer"]!);
        _means.Clear();
        means.ForEach(_means.Enqueue);
    });

    private void Imitate(RecompositionStep step)
    {
        var sorted = _means.Order().ToArray();
        var median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        var weight = section.Coefficient * (1 - Math.Cos(Math.PI * Math.Min(1, (double)step.Step / section.WarmupSteps))) / 2;
        foreach (var (decision, _) in _buffer.Kept)
        {
            var advantage = (float)(decision.Verdict.Reward - median);
            if (advantage > 0 && weight > 0)
            {
                step.Replay(decision with { Advantage = advantage, TokenAdvantages = null, Weight = (float)weight, IsAuxiliary = true }, "self_imitation");
            }
        }

        _buffer.Clear();
    }
}
