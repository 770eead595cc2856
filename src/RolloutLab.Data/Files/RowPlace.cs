namespace RolloutLab.Data;

/// <summary>Where a row is: enough to read it again.</summary>
/// <param name="File">Index of its file among those of the set.</param>
/// <param name="Offset">Where its text begins, in bytes: in the file itself, or in the copy made of a Parquet file's rows.</param>
/// <param name="Line">Number of the line or row in its file, from 1.</param>
internal readonly record struct RowPlace(int File, long Offset, int Line);

/// <summary>How much of the files was read.</summary>
/// <param name="BytesDone">Bytes read so far.</param>
/// <param name="BytesTotal">Bytes of all files.</param>
public readonly record struct ReadProgress(long BytesDone, long BytesTotal);
