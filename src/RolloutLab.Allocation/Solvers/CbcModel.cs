using System.Runtime.InteropServices;

namespace RolloutLab.Allocation;

/// <summary>COIN-OR CBC's C interface (version 2.10, Debian's <c>coinor-libcbc3</c>); a handle owns one model.</summary>
internal sealed partial class CbcModel : SafeHandle
{
    private const string Library = "libCbcSolver.so.3";

    public CbcModel()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    /// <summary>Whether the library is there.</summary>
    public static bool IsAvailable => NativeLibrary.TryLoad(Library, out _);

    /// <summary>Version of the library, such as <c>2.10.8</c>.</summary>
    public static string Version() => Marshal.PtrToStringUTF8(GetVersion()) ?? "unknown";

    /// <summary>An empty model that prints nothing.</summary>
    public static CbcModel Create()
    {
        var model = NewModel();
        model.Set("log", "0");
        return model;
    }

    /// <summary>Sets an option as on CBC's command line.</summary>
    public void Set(string name, string value) => SetParameter(this, name, value);

    /// <summary>Loads a maximisation over binary columns with rows that are at most some amount.</summary>
    /// <param name="program">The columns, compressed by column, and the rows.</param>
    public void Load(BinaryProgram program)
    {
        var (columns, rows) = (program.Objective.Count, program.Amounts.Count);
        var (zeros, ones) = (new double[columns], new double[columns]);
        Array.Fill(ones, 1);
        var none = new double[rows];
        Array.Fill(none, double.NegativeInfinity);
        LoadProblem(
            this, columns, rows, [.. program.Starts], [.. program.Rows], [.. program.Coefficients], zeros, ones, [.. program.Objective], none, [.. program.Amounts]);
        SetObjSense(this, -1);
        for (var column = 0; column < columns; column++)
        {
            SetInteger(this, column);
        }
    }

    /// <summary>Solves; true when a solution was found.</summary>
    /// <param name="solution">The columns' values, when true.</param>
    /// <param name="bound">No solution is worth more.</param>
    public unsafe bool Solve(out double[] solution, out double bound)
    {
        _ = SolveModel(this);
        bound = GetBestPossible(this);
        solution = [];
        var values = GetColSolution(this);
        if (values == null || IsProvenInfeasible(this) != 0)
        {
            return false;
        }

        solution = new ReadOnlySpan<double>(values, GetNumCols(this)).ToArray();
        return true;
    }

    protected override bool ReleaseHandle()
    {
        DeleteModel(handle);
        return true;
    }

    [LibraryImport(Library, EntryPoint = "Cbc_getVersion")]
    private static partial nint GetVersion();

    [LibraryImport(Library, EntryPoint = "Cbc_newModel")]
    private static partial CbcModel NewModel();

    [LibraryImport(Library, EntryPoint = "Cbc_deleteModel")]
    private static partial void DeleteModel(nint model);

    [LibraryImport(Library, EntryPoint = "Cbc_setParameter", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void SetParameter(CbcModel model, string name, string value);

    [LibraryImport(Library, EntryPoint = "Cbc_loadProblem")]
    private static partial void LoadProblem(
        CbcModel model, int columns, int rows, int[] starts, int[] indices, double[] values, double[] lower, double[] upper, double[] objective, double[] rowLower, double[] rowUpper);

    [LibraryImport(Library, EntryPoint = "Cbc_setObjSense")]
    private static partial void SetObjSense(CbcModel model, double sense);

    [LibraryImport(Library, EntryPoint = "Cbc_setInteger")]
    private static partial void SetInteger(CbcModel model, int column);

    [LibraryImport(Library, EntryPoint = "Cbc_solve")]
    private static partial int SolveModel(CbcModel model);

    [LibraryImport(Library, EntryPoint = "Cbc_getBestPossibleObjValue")]
    private static partial double GetBestPossible(CbcModel model);

    [LibraryImport(Library, EntryPoint = "Cbc_isProvenInfeasible")]
    private static partial int IsProvenInfeasible(CbcModel model);

    [LibraryImport(Library, EntryPoint = "Cbc_getNumCols")]
    private static partial int GetNumCols(CbcModel model);

    [LibraryImport(Library, EntryPoint = "Cbc_getColSolution")]
    private static unsafe partial double* GetColSolution(CbcModel model);
}
