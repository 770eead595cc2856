using System.Text.Json;
using System.Text.Json.Serialization;
using RolloutLab.Core;

namespace RolloutLab.Data;

/// <summary>A question with a solution that a verifier found right.</summary>
/// <param name="Prompt">Index of the question's prompt in its set.</param>
/// <param name="Question">The prompt's text.</param>
/// <param name="Solution">What is shown of the solution.</param>
public sealed record SolvedExample(int Prompt, string Question, string Solution);

/// <summary>A solved example and how alike its question is to another.</summary>
/// <param name="Example">The example.</param>
/// <param name="Similarity">In [0, 1], see <see cref="TextSimilarityIndex"/>.</param>
public readonly record struct SimilarExample(SolvedExample Example, double Similarity);

/// <summary>
/// A growing, bounded collection of solved examples, one for each prompt: a new solution takes the place of the old. When
/// it is full the example leaves that was put in longest ago. Part of a checkpoint.
/// </summary>
public sealed class ExampleCorpus : IStateful
{
    private readonly int _capacity;
    private readonly int _gram;
    private readonly LinkedList<SolvedExample> _byAge = new();
    private readonly Dictionary<int, LinkedListNode<SolvedExample>> _byPrompt = [];
    private TextSimilarityIndex _index;

    /// <summary>An empty corpus.</summary>
    /// <param name="capacity">Most examples, at least 1.</param>
    /// <param name="gram">Characters of a gram of the similarity, 1 to <see cref="TextSimilarityIndex.MaxGram"/>.</param>
    public ExampleCorpus(int capacity, int gram)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        (_capacity, _gram, _index) = (capacity, gram, new TextSimilarityIndex(gram));
    }

    /// <summary>Examples held.</summary>
    public int Count => _byPrompt.Count;

    /// <inheritdoc/>
    public string StateName => "examples.json";

    /// <summary>Puts an example in.</summary>
    public void Add(SolvedExample example)
    {
        ArgumentNullException.ThrowIfNull(example);
        Remove(example.Prompt);
        if (Count == _capacity)
        {
            Remove(_byAge.First!.Value.Prompt);
        }

        _byPrompt[example.Prompt] = _byAge.AddLast(example);
        _index.Add(example.Prompt, example.Question);
    }

    /// <summary>
    /// The examples whose questions are most like a prompt's, the most alike first, equal ones by their prompt's index. The
    /// prompt's own example, and those of the very same text, are never among them.
    /// </summary>
    /// <param name="prompt">The prompt.</param>
    /// <param name="count">Most examples.</param>
    /// <param name="least">Least similarity.</param>
    public IReadOnlyList<SimilarExample> Nearest(Prompt prompt, int count, double least)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        return [.. _index.Nearest(prompt.Text, count, least, key => key != prompt.Index && _byPrompt[key].Value.Question != prompt.Text)
            .Select(s => new SimilarExample(_byPrompt[s.Key].Value, s.Similarity))];
    }

    /// <inheritdoc/>
    public void SaveState(Stream to) => JsonSerializer.Serialize(to, [.. _byAge], ExampleJson.Default.SolvedExampleArray);

    /// <inheritdoc/>
    public void LoadState(Stream from)
    {
        SolvedExample[]? loaded;
        try
        {
            loaded = JsonSerializer.Deserialize(from, ExampleJson.Default.SolvedExampleArray);
        }
        catch (JsonException error)
        {
            throw new CheckpointException($"the checkpoint's {StateName} is damaged; use an older checkpoint", error);
        }

        if (loaded is null || loaded.Length > _capacity || loaded.Any(e => e?.Question is null || e.Solution is null))
        {
            throw new CheckpointException($"the checkpoint's {StateName} is not one of {_capacity} examples at most; resume with the recipe of the run");
        }

        _byAge.Clear();
        _byPrompt.Clear();
        _index = new TextSimilarityIndex(_gram);
        foreach (var example in loaded)
        {
            Add(example);
        }
    }

    private void Remove(int prompt)
    {
        if (_byPrompt.Remove(prompt, out var node))
        {
            _byAge.Remove(node);
            _index.Remove(prompt);
        }
    }
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(SolvedExample[]))]
internal sealed partial class ExampleJson : JsonSerializerContext;
