using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>Where a <see cref="PromptSampler"/> is; with the seed and the set it determines every prompt to come.</summary>
/// <param name="Epoch">The pass through the set, from 0.</param>
/// <param name="Position">Prompts of that pass handed out or put off.</param>
/// <param name="Deferred">Indices of prompts put off because the step already had them; they come first in the next step.</param>
public sealed record PromptSamplerState(long Epoch, int Position, IReadOnlyList<int> Deferred)
{
    /// <summary>The start.</summary>
    public static PromptSamplerState Start { get; } = new(0, 0, []);
}

/// <summary>
/// Hands out prompts in passes, seeded and shuffled or in order: each pass has every prompt once. A step that straddles two passes never has
/// a prompt twice while the set is large enough; such prompts are put off to the next step.
/// </summary>
public sealed class PromptSampler : IPromptSource
{
    private readonly PromptSet _set;
    private readonly EpochOrder _order;

    /// <summary>Creates a sampler at the start.</summary>
    /// <param name="set">The prompts.</param>
    /// <param name="random">The order is keyed by its seed and the epoch.</param>
    /// <param name="shuffled">Whether each pass has an order of its own; else each is in the set's order.</param>
    public PromptSampler(PromptSet set, RandomStreams random, bool shuffled = true)
    {
        ArgumentNullException.ThrowIfNull(set);
        _set = set;
        _order = new EpochOrder(set.Prompts.Count, random, StreamPurpose.PromptOrder, shuffled);
    }

    /// <inheritdoc/>
    public int Count => _set.Prompts.Count;

    /// <summary>Where the sampler is; immutable.</summary>
    public PromptSamplerState State { get; private set; } = PromptSamplerState.Start;

    /// <summary>Continues from a saved state.</summary>
    /// <exception cref="CheckpointException">The state does not fit the set.</exception>
    public void Restore(PromptSamplerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        var count = _set.Prompts.Count;
        if (state.Epoch < 0 || state.Position < 0 || state.Position > count || state.Deferred.Any(i => i < 0 || i >= count))
        {
            throw new CheckpointException(
                $"the saved position (epoch {state.Epoch}, position {state.Position}) does not fit the {count} prompts of "
                + $"'{_set.Name}'; resume with the prompt set of the run");
        }

        State = state;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Prompt> Next(long step, int count) => Next(count);

    /// <summary>The prompts of the next step.</summary>
    /// <param name="count">How many, at least 1; more than the set has repeats prompts as late as possible.</param>
    public IReadOnlyList<Prompt> Next(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var step = new List<Prompt>(count);
        var taken = new HashSet<int>();
        var deferred = new Queue<int>(State.Deferred);
        var again = new List<int>();
        var (epoch, position) = (State.Epoch, State.Position);
        while (step.Count < count)
        {
            if (taken.Count == _set.Prompts.Count)
            {
                taken.Clear();
                again.ForEach(deferred.Enqueue);
                again.Clear();
            }

            var index = deferred.Count > 0 ? deferred.Dequeue() : Advance(ref epoch, ref position);
            if (taken.Add(index))
            {
                step.Add(_set.Prompts[index]);
            }
            else
            {
                again.Add(index);
            }
        }

        State = new PromptSamplerState(epoch, position, [.. again, .. deferred]);
        return step;
    }

    private int Advance(ref long epoch, ref int position)
    {
        if (position == _set.Prompts.Count)
        {
            (epoch, position) = (epoch + 1, 0);
        }

        return _order.Of(epoch)[position++];
    }
}
