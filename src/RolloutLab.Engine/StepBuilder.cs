namespace RolloutLab.Engine;

/// <summary>
/// Writes what the scheduler decides into one flat <see cref="ModelStep"/>. Its arrays only ever grow, so a steady
/// state allocates nothing.
/// </summary>
/// <param name="blockSize">Tokens in a KV block.</param>
internal sealed class StepBuilder(int blockSize)
{
    private KvBlockTable[] _rows = [];
    private Sequence[] _drawing = [];
    private BlockCopy[] _copies = [];
    private int _copyCount;

    /// <summary>The step; complete after <see cref="Seal"/>.</summary>
    public ModelStep Step { get; } = new();

    /// <summary>Copies to make before the step.</summary>
    public ReadOnlySpan<BlockCopy> Copies => _copies.AsSpan(0, _copyCount);

    /// <summary>The sequence each sample row draws for, <c>[R]</c>.</summary>
    public ReadOnlySpan<Sequence> Drawing => _drawing.AsSpan(0, Step.SampleCount);

    /// <summary>Starts an empty step.</summary>
    public void Clear()
    {
        Array.Clear(_rows, 0, Step.SequenceCount);
        Array.Clear(_drawing, 0, Step.SampleCount);
        (Step.TokenCount, Step.SequenceCount, Step.SampleCount, _copyCount) = (0, 0, 0, 0);
    }

    /// <summary>Adds a copy to make before the step.</summary>
    public void AddCopy(BlockCopy copy)
    {
        _copies = Grow(_copies, _copyCount + 1);
        _copies[_copyCount++] = copy;
    }

    /// <summary>Adds a row that computes the last tokens of a table; the token at position p is the p-th of prompt + response.</summary>
    /// <param name="table">The row's blocks, with slots for the tokens.</param>
    /// <param name="tokens">How many of the table's last positions are computed, at least 1.</param>
    /// <param name="prompt">Prompt tokens.</param>
    /// <param name="sequence">Has the response tokens; null for a row of the prompt alone.</param>
    public void AddRow(KvBlockTable table, int tokens, ReadOnlySpan<int> prompt, Sequence? sequence)
    {
        var row = Step.SequenceCount++;
        _rows = Grow(_rows, row + 1);
        _rows[row] = table;

        var first = Step.TokenCount;
        GrowTokens(first + tokens);
        var blocks = table.Blocks;
        var start = table.Length - tokens;
        var ofPrompt = Math.Clamp(prompt.Length - start, 0, tokens);
        prompt.Slice(Math.Min(start, prompt.Length), ofPrompt).CopyTo(Step.TokenIds.AsSpan(first));
        sequence?.CopyTokens(start + ofPrompt - prompt.Length, Step.TokenIds.AsSpan(first + ofPrompt, tokens - ofPrompt));
        for (var i = 0; i < tokens; i++)
        {
            var position = start + i;
            Step.Positions[first + i] = position;
            Step.SlotMapping[first + i] = (blocks[position / blockSize] * blockSize) + (position % blockSize);
            Step.SequenceOfToken[first + i] = row;
        }

        Step.TokenCount += tokens;
    }

    /// <summary>Draws a sequence's next token from the logits of the last token added.</summary>
    public void AddDraw(Sequence sequence)
    {
        var draw = Step.SampleCount++;
        GrowDraws(draw + 1);
        var sampling = sequence.Group.Sampling;
        _drawing[draw] = sequence;
        Step.SampleRows[draw] = Step.TokenCount - 1;
        Step.Temperatures[draw] = sampling.Temperature;
        Step.TopK[draw] = sampling.TopK;
        Step.TopP[draw] = sampling.TopP;
        Step.MinP[draw] = sampling.MinP;
        Step.Uniforms[draw] = sequence.NextUniform;
    }

    /// <summary>Completes the step: writes the block tables, as wide as the longest of them, and makes room for the answer.</summary>
    public void Seal()
    {
        Step.Top = Grow(Step.Top, Step.SampleCount * Step.TopCount);
        var stride = 1;
        for (var row = 0; row < Step.SequenceCount; row++)
        {
            stride = Math.Max(stride, _rows[row].BlockCount);
        }

        Step.BlockTableStride = stride;
        Step.BlockTables = Grow(Step.BlockTables, Step.SequenceCount * stride);
        for (var row = 0; row < Step.SequenceCount; row++)
        {
            var cells = Step.BlockTables.AsSpan(row * stride, stride);
            _rows[row].Blocks.CopyTo(cells);
            cells[_rows[row].BlockCount..].Clear();
        }
    }

    private void GrowTokens(int needed)
    {
        Step.TokenIds = Grow(Step.TokenIds, needed);
        Step.Positions = Grow(Step.Positions, needed);
        Step.SlotMapping = Grow(Step.SlotMapping, needed);
        Step.SequenceOfToken = Grow(Step.SequenceOfToken, needed);
    }

    private void GrowDraws(int needed)
    {
        _drawing = Grow(_drawing, needed);
        Step.SampleRows = Grow(Step.SampleRows, needed);
        Step.Temperatures = Grow(Step.Temperatures, needed);
        Step.TopK = Grow(Step.TopK, needed);
        Step.TopP = Grow(Step.TopP, needed);
        Step.MinP = Grow(Step.MinP, needed);
        Step.Uniforms = Grow(Step.Uniforms, needed);
    }

    private static T[] Grow<T>(T[] array, int needed)
    {
        if (needed > array.Length)
        {
            Array.Resize(ref array, Math.Max(needed, array.Length * 2));
        }

        return array;
    }
}
