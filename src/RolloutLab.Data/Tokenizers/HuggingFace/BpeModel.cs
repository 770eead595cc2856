using System.Globalization;
using System.Text;
using RolloutLab.Core;

namespace RolloutLab.Data.HuggingFace;

/// <summary>Byte-pair encoding (Sennrich et al., arXiv 1508.07909) of one word, as Hugging Face's <c>BPE</c> model does it.</summary>
internal sealed class BpeModel
{
    private readonly bool _fuseUnknown;
    private readonly bool _ignoreMerges;
    private readonly int _unknown;
    private readonly int[] _latin = new int[0x200];
    private readonly int[]? _byteFallback;

    /// <summary>Reads the <c>model</c> section.</summary>
    /// <exception cref="DataException">It is no BPE model, is damaged, or has a setting that is not supported.</exception>
    public BpeModel(JsonSection model)
    {
        if (model.Optional("type") is { } type && type.Text() != "BPE")
        {
            throw type.Error($"is '{BpeVocabulary.Shown(type.Text())}'; supported is BPE");
        }

        model.RequireUnset("dropout", "0", "0.0");
        model.RequireUnset("continuing_subword_prefix", "\"\"");
        model.RequireUnset("end_of_word_suffix", "\"\"");
        Vocabulary = BpeVocabulary.Read(model);
        (_fuseUnknown, _ignoreMerges) = (model.Flag("fuse_unk", false), model.Flag("ignore_merges", false));
        _unknown = model.Optional("unk_token") is { } unknown ? Known(unknown) : -1;
        for (var c = 0; c < _latin.Length; c++)
        {
            _latin[c] = Vocabulary.Find([(char)c]);
        }

        if (model.Flag("byte_fallback", false))
        {
            _byteFallback = [.. Enumerable.Range(0, 256).Select(b => Vocabulary.Find(string.Create(CultureInfo.InvariantCulture, $"<0x{b:X2}>")))];
        }
    }

    /// <summary>The tokens and merges.</summary>
    public BpeVocabulary Vocabulary { get; }

    /// <summary>Appends the ids of a word, in time n log n of its length.</summary>
    /// <param name="word">Not empty, without unpaired surrogates.</param>
    /// <param name="workspace">Reused from word to word.</param>
    /// <param name="into">Where the ids go.</param>
    public void Encode(ReadOnlySpan<char> word, BpeWorkspace workspace, List<int> into)
    {
        if (_ignoreMerges && Vocabulary.Find(word) is >= 0 and var whole)
        {
            into.Add(whole);
            return;
        }

        AddSymbols(word, workspace);
        workspace.Merge(Vocabulary);
        workspace.AppendTo(into);
    }

    private void AddSymbols(ReadOnlySpan<char> word, BpeWorkspace workspace)
    {
        workspace.Clear(word.Length * 4);
        var pendingUnknown = false;
        for (var at = 0; at < word.Length;)
        {
            var length = char.IsHighSurrogate(word[at]) && at + 1 < word.Length ? 2 : 1;
            var character = word.Slice(at, length);
            at += length;
            var id = character[0] < _latin.Length ? _latin[character[0]] : Vocabulary.Find(character);
            if (id >= 0)
            {
                AddUnknown(ref pendingUnknown, workspace);
                workspace.Add(id);
            }
            else if (!TryBytes(character, workspace) && _unknown >= 0)
            {
                if (!_fuseUnknown)
                {
                    AddUnknown(ref pendingUnknown, workspace);
                }

                pendingUnknown = true;
            }
        }

        AddUnknown(ref pendingUnknown, workspace);
    }

    private void AddUnknown(ref bool pending, BpeWorkspace workspace)
    {
        if (pending)
        {
            workspace.Add(_unknown);
            pending = false;
        }
    }

    private bool TryBytes(ReadOnlySpan<char> character, BpeWorkspace workspace)
    {
        Span<byte> bytes = stackalloc byte[4];
        if (_byteFallback is null || !Encoding.UTF8.TryGetBytes(character, bytes, out var count))
        {
            return false;
        }

        foreach (var b in bytes[..count])
        {
            if (_byteFallback[b] < 0)
            {
                return false;
            }
        }

        foreach (var b in bytes[..count])
        {
            workspace.Add(_byteFallback[b]);
        }

        return true;
    }

    private int Known(JsonSection token) => Vocabulary.Find(token.Text()) is >= 0 and var id
        ? id
        : throw token.Error($"is '{BpeVocabulary.Shown(token.Text())}', which is not in the vocabulary");
}
