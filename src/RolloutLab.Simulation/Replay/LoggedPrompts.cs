using System.Collections;
using RolloutLab.Core;
using RolloutLab.Data;
using RolloutLab.Runs;

namespace RolloutLab.Simulation;

/// <summary>
/// The prompts of a log's steps, in the log's order: step s of the replay is the s-th of the log. A step that asks again, to
/// replace groups, goes on in the same step; one that asks for more than there are gets fewer.
/// </summary>
/// <param name="log">The log.</param>
/// <param name="cursor">Where the replay is; moved by this source.</param>
public sealed class LoggedPrompts(IRolloutLog log, LogCursor cursor) : IPromptSource
{
    private long _step;
    private int _position;

    /// <inheritdoc/>
    public int Count => log.PromptSetSize;

    /// <summary>Steps of the log and prompts of the last one that were handed out.</summary>
    public PromptSamplerState State => new(_step, _position, []);

    /// <inheritdoc/>
    public void Restore(PromptSamplerState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        while (_step < state.Epoch && cursor.MoveNext())
        {
            _step++;
        }

        _position = state.Position;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Prompt> Next(long step, int count)
    {
        while (_step < step)
        {
            (_step, _position) = (_step + 1, 0);
            if (!cursor.MoveNext())
            {
                return [];
            }
        }

        var groups = cursor.Current!.Groups;
        var taken = Math.Min(count, groups.Count - _position);
        var prompts = Enumerable.Range(_position, taken).Select(i => groups[i].Group.Prompt).ToList();
        _position += taken;
        return prompts;
    }
}

/// <summary>The prompts that a recipe's own sampler drew, found again in the run's log: the data set itself is not needed.</summary>
/// <param name="log">The run's log.</param>
/// <param name="cursor">Where the replay is; moved by this source.</param>
/// <param name="random">The recipe's random streams.</param>
/// <param name="shuffled">Whether the recipe shuffles its prompts.</param>
public sealed class ResampledPrompts(IRolloutLog log, LogCursor cursor, RandomStreams random, bool shuffled) : IPromptSource
{
    private readonly PromptSampler _sampler = new(new PromptSet("log", new CurrentPrompts(log, cursor)), random, shuffled);

    /// <inheritdoc/>
    public int Count => _sampler.Count;

    /// <inheritdoc/>
    public PromptSamplerState State => _sampler.State;

    /// <inheritdoc/>
    public void Restore(PromptSamplerState state) => _sampler.Restore(state);

    /// <inheritdoc/>
    public IReadOnlyList<Prompt> Next(long step, int count)
    {
        cursor.MoveTo(step);
        return _sampler.Next(step, count);
    }

    /// <summary>The whole set by index, of which only the current step's prompts can be had.</summary>
    private sealed class CurrentPrompts(IRolloutLog log, LogCursor cursor) : IReadOnlyList<Prompt>
    {
        public int Count => log.PromptSetSize;

        public Prompt this[int index] => cursor.PromptAt(index);

        public IEnumerator<Prompt> GetEnumerator() => Enumerable.Range(0, Count).Select(cursor.PromptAt).GetEnumerator();

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
