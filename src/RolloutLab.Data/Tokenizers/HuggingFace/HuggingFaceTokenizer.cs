using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using RolloutLab.Core;
using RolloutLab.Data.HuggingFace;

namespace RolloutLab.Data;

/// <summary>
/// A byte-pair tokenizer from a Hugging Face <c>tokenizer.json</c>, byte-level (GPT-2, Llama 3, Qwen, SmolLM2, Mistral since Nemo)
/// or in SentencePiece's manner with byte fallback (Llama 2, Mistral 7B). Names of added tokens in a text become those tokens, as
/// in transformers, so text that is not trusted can forge them. Immutable but for a bounded cache of words; thread-safe.
/// </summary>
/// <remarks>
/// <c>truncation</c> and <c>padding</c> of the file do nothing, as transformers resets them with every call;
/// <c>clean_up_tokenization_spaces</c> is taken for false, so that decoding loses nothing.
/// </remarks>
public sealed class HuggingFaceTokenizer : ITokenizer
{
    private readonly BpeModel _model;
    private readonly Normalizer _normalizer;
    private readonly PreTokenizer _preTokenizer;
    private readonly AddedTokens _added;
    private readonly PostProcessor _postProcessor;
    private readonly TokenDecoder _decoder;
    private readonly HashSet<int> _special;
    private readonly WordCache _cache = new();
    private readonly TokenizerFiles _files;

    internal HuggingFaceTokenizer(TokenizerFiles files, JsonElement json)
    {
        _files = files;
        var root = new JsonSection(files.Path, "", json);
        _model = new BpeModel(root.Required("model"));
        _normalizer = new Normalizer(root.Optional("normalizer"));
        _preTokenizer = new PreTokenizer(root.Optional("pre_tokenizer"));
        _added = new AddedTokens(root.Optional("added_tokens"), _model.Vocabulary, _normalizer);
        _postProcessor = new PostProcessor(root.Optional("post_processor"));
        _special = [.. _added.All.Where(token => token.Special).Select(token => token.Id)];
        var tokens = AllTokens();
        _decoder = TokenDecoder.Read(root, tokens);
        VocabularySize = tokens.Length;
        if (_postProcessor.Before.Concat(_postProcessor.After).Any(id => id >= VocabularySize))
        {
            throw root.Required("post_processor").Error($"adds an id that the tokenizer, with {VocabularySize} ids, does not have");
        }

        EndOfTextIds = EndTokens.Find(files, _added.All.ToDictionary(t => t.Content, t => t.Id, StringComparer.Ordinal), _model.Vocabulary, VocabularySize);
    }

    /// <inheritdoc/>
    public int VocabularySize { get; }

    /// <inheritdoc/>
    public int EndOfTextId => EndOfTextIds[0];

    /// <inheritdoc/>
    public IReadOnlyList<int> EndOfTextIds { get; }

    /// <summary>Names and bytes of the files the tokenizer was read from, to be written beside a model.</summary>
    public IReadOnlyList<(string Name, byte[] Content)> Files => _files.Contents;

    /// <summary>The id of a token by its name, as <c>&lt;|im_end|&gt;</c>; null where there is none.</summary>
    public int? TokenId(string token)
    {
        ArgumentNullException.ThrowIfNull(token);
        return _added.All.FirstOrDefault(added => added.Content == token)?.Id ?? (_model.Vocabulary.Find(token) is >= 0 and var id ? id : null);
    }

    /// <inheritdoc/>
    public int[] Encode(string text) => Encode(text, addSpecialTokens: false);

    /// <inheritdoc/>
    public int[] EncodeDocument(string text) => Encode(text, addSpecialTokens: true);

    /// <inheritdoc/>
    public string Decode(ReadOnlySpan<int> tokenIds) => Decode(tokenIds, skipSpecialTokens: true);

    /// <summary>The text of token ids. Bytes that are no UTF-8 become U+FFFD.</summary>
    /// <param name="tokenIds">The ids; one that no token has stands for nothing.</param>
    /// <param name="skipSpecialTokens">Whether special tokens are left out, or written by their names.</param>
    /// <exception cref="ArgumentOutOfRangeException">An id is outside the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> tokenIds, bool skipSpecialTokens)
    {
        var state = _decoder.Start();
        var text = new StringBuilder(tokenIds.Length * 4);
        foreach (var id in tokenIds)
        {
            if (IsShown(id, skipSpecialTokens))
            {
                state.Push(id, text);
            }
        }

        state.Finish(text);
        return text.ToString();
    }

    /// <summary>A decoder that takes tokens one by one.</summary>
    /// <param name="skipSpecialTokens">Whether special tokens are left out, or written by their names.</param>
    public StreamingDecoder StartDecoding(bool skipSpecialTokens = true) => new(_decoder, id => IsShown(id, skipSpecialTokens));

    private bool IsShown(int id, bool skipSpecialTokens)
    {
        if ((uint)id >= (uint)VocabularySize)
        {
            throw new ArgumentOutOfRangeException(nameof(id), id, $"token ids are in [0, {VocabularySize})");
        }

        return !skipSpecialTokens || !_special.Contains(id);
    }

    private int[] Encode(string text, bool addSpecialTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        RequireUnicode(text);
        var ids = new List<int>((text.Length / 3) + 8);
        ids.AddRange(addSpecialTokens ? _postProcessor.Before : []);
        var buffers = new EncodingBuffers();
        var isStart = true;
        foreach (var (raw, token) in _added.CutRaw(text))
        {
            if (token is not null)
            {
                ids.Add(token.Id);
                isStart = false;
                continue;
            }

            foreach (var (part, normalized) in _added.CutNormalized(_normalizer.Apply(raw!)))
            {
                if (normalized is not null)
                {
                    ids.Add(normalized.Id);
                }
                else
                {
                    EncodeWords(part!, isStart, buffers, ids);
                }

                isStart = false;
            }
        }

        ids.AddRange(addSpecialTokens ? _postProcessor.After : []);
        return [.. ids];
    }

    private void EncodeWords(string text, bool isStart, EncodingBuffers buffers, List<int> ids)
    {
        buffers.Words.Clear();
        _preTokenizer.Cut(text, isStart, buffers.Words, buffers.Scratch);
        foreach (var piece in CollectionsMarshal.AsSpan(buffers.Words))
        {
            var word = piece.Span;
            if (!WordCache.Takes(word))
            {
                EncodeWord(word, buffers, ids);
                continue;
            }

            var place = WordCache.PlaceOf(word);
            if (_cache.Find(word, place) is { } known)
            {
                ids.AddRange(known.AsSpan());
                continue;
            }

            var before = ids.Count;
            EncodeWord(word, buffers, ids);
            _cache.Put(word, place, CollectionsMarshal.AsSpan(ids)[before..].ToArray());
        }
    }

    private void EncodeWord(ReadOnlySpan<char> word, EncodingBuffers buffers, List<int> ids) =>
        _model.Encode(_preTokenizer.MapsBytes ? buffers.Spell(word) : word, buffers.Bpe, ids);

    private string?[] AllTokens()
    {
        var size = Math.Max(_model.Vocabulary.Tokens.Count, _added.All.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        var tokens = new string?[size];
        for (var id = 0; id < _model.Vocabulary.Tokens.Count; id++)
        {
            tokens[id] = _model.Vocabulary.Tokens[id];
        }

        foreach (var token in _added.All)
        {
            tokens[token.Id] = token.Content;
        }

        return tokens;
    }

    private static void RequireUnicode(string text)
    {
        if (!text.AsSpan().ContainsAnyInRange('\ud800', '\udfff'))
        {
            return;
        }

        for (var at = 0; at < text.Length;)
        {
            if (Rune.DecodeFromUtf16(text.AsSpan(at), out _, out var length) != OperationStatus.Done)
            {
                throw new DataException($"the text has an unpaired surrogate at position {at}, which UTF-8 cannot express");
            }

            at += length;
        }
    }
}
